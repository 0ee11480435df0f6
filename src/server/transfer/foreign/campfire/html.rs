//! Campfire's rich text, which is HTML as Action Text keeps it, as markup.

use std::collections::BTreeMap;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use html5gum::{HtmlString, Spanned, Token, Tokenizer};

use super::super::bodies::escaped;
use crate::{domain::markup::DEPTH, server::store::UserId};

/// What a message says.
#[derive(Debug, Default)]
pub struct Written {
    pub text: String,
    pub mentions: Vec<UserId>,
    /// Files that are told of by name only.
    pub files: u32,
}

impl Written {
    /// Tells of a file.
    pub fn file(&mut self, name: &str) {
        self.files += 1;
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&told(name));
    }
}

fn told(name: &str) -> String {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("📎 {}", escaped(&name))
}

/// The HTML as markup. `person` says who has that number, and what they are called here.
pub fn markup<'a>(html: &str, person: &dyn Fn(i64) -> Option<(UserId, &'a str)>) -> Written {
    if !html.contains(['<', '&']) {
        // What programs post is plain text, and its line breaks are ones.
        return Written {
            text: escaped(html.trim()),
            ..Written::default()
        };
    }
    let mut out = Out::default();
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => out.begin(&lossy(&tag.name), &tag.attributes, person),
            Token::EndTag(tag) => out.end(&lossy(&tag.name)),
            Token::String(text) => out.text(&lossy(&text)),
            _ => {}
        }
    }
    out.done()
}

type Attributes = BTreeMap<HtmlString, Spanned<HtmlString, ()>>;

#[derive(Default)]
struct Out {
    written: Written,
    /// Line breaks that come before what comes next.
    breaks: usize,
    /// What lines begin with: of quotes and of items.
    prefixes: Vec<String>,
    /// Marks that are open, and whether they are written yet.
    marks: Vec<(&'static str, &'static str, bool)>,
    /// Numbers of the next items of the lists that are open; none where they are not numbered.
    lists: Vec<Option<u32>>,
    /// What of code is gathered, and whether it is a block.
    code: Option<(String, bool)>,
    /// Where the text of a link begins, and where it leads.
    link: Option<(usize, String)>,
    /// Whether what comes next must not be read as part of a name.
    after_name: bool,
    /// Whether what is here is nothing to read.
    hidden: bool,
}

impl Out {
    fn begin<'a>(
        &mut self,
        tag: &str,
        attributes: &Attributes,
        person: &dyn Fn(i64) -> Option<(UserId, &'a str)>,
    ) {
        if self.code.is_some() {
            if tag == "br" {
                self.text("\n");
            }
            return;
        }
        let attribute = |name: &str| attributes.get(name.as_bytes()).map(|it| lossy(it));
        match tag {
            "br" => self.breaks += 1,
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.block(2),
            "blockquote" => {
                self.block(2);
                self.come_near();
                self.nest("> ");
            }
            "ul" | "ol" => {
                self.block(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push((tag == "ol").then_some(1));
            }
            "li" => {
                self.block(1);
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.flush();
                self.written.text.push_str(&bullet);
                self.nest(&" ".repeat(bullet.len()));
            }
            "pre" => {
                self.block(2);
                self.code = Some((String::new(), true));
            }
            "code" | "tt" | "samp" | "kbd" => self.code = Some((String::new(), false)),
            "strong" | "b" => self.marks.push(("strong", "**", false)),
            "em" | "i" => self.marks.push(("em", "*", false)),
            "del" | "s" | "strike" => self.marks.push(("del", "~~", false)),
            "a" => {
                let href = attribute("href").unwrap_or_default();
                if self.link.is_none() {
                    self.flush();
                    self.link = Some((self.written.text.len(), href));
                }
            }
            "action-text-attachment" => {
                let attached = Attached {
                    sgid: attribute("sgid").unwrap_or_default(),
                    kind: attribute("content-type").unwrap_or_default(),
                    href: attribute("href").unwrap_or_default(),
                    filename: attribute("filename").unwrap_or_default(),
                };
                self.attached(&attached, person);
            }
            "script" | "style" => self.hidden = true,
            "div" | "figure" | "hr" => self.block(1),
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) {
        match tag {
            "pre" => self.end_code(true),
            "code" | "tt" | "samp" | "kbd" => self.end_code(false),
            "script" | "style" => self.hidden = false,
            _ if self.code.is_some() => {}
            "strong" | "b" => self.end_mark("strong"),
            "em" | "i" => self.end_mark("em"),
            "del" | "s" | "strike" => self.end_mark("del"),
            "a" => self.end_link(),
            "blockquote" => {
                self.prefixes.pop();
                self.block(2);
            }
            "li" => {
                self.prefixes.pop();
                self.block(1);
            }
            "ul" | "ol" => {
                self.lists.pop();
                self.block(if self.lists.is_empty() { 2 } else { 1 });
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.block(2),
            "div" | "figure" => self.block(1),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden {
            return;
        }
        if let Some((code, _)) = &mut self.code {
            code.push_str(text);
            return;
        }
        let starts_apart = text.starts_with(|c: char| c.is_whitespace());
        let ends_apart = text.ends_with(|c: char| c.is_whitespace());
        let words: Vec<&str> = text.split_whitespace().collect();
        let at_start = self.breaks > 0 || self.written.text.is_empty();
        if starts_apart && !at_start && !self.written.text.ends_with(char::is_whitespace) {
            self.written.text.push(' ');
        }
        if words.is_empty() {
            return;
        }
        self.flush();
        let shown = escaped(&words.join(" "));
        if self.after_name && !starts_apart && shown.starts_with(char::is_alphanumeric) {
            self.written.text.push(' ');
        }
        self.after_name = false;
        for (_, mark, written) in &mut self.marks {
            if !std::mem::replace(written, true) {
                self.written.text.push_str(mark);
            }
        }
        self.written.text.push_str(&shown);
        if ends_apart {
            self.written.text.push(' ');
        }
    }

    /// Writes the line breaks that wait.
    fn flush(&mut self) {
        self.come_near();
        let text = &mut self.written.text;
        if std::mem::take(&mut self.breaks) > 0 && !text.is_empty() {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.extend(self.prefixes.iter().map(String::as_str));
        } else if text.is_empty() {
            text.extend(self.prefixes.iter().map(String::as_str));
        }
    }

    /// Writes all line breaks but the last: the lines between are still within what is open now.
    fn come_near(&mut self) {
        let text = &mut self.written.text;
        if self.breaks > 1 && !text.is_empty() {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.push_str(self.prefixes.concat().trim_end());
        }
        self.breaks = self.breaks.min(1);
    }

    /// What comes next begins on a line of its own, so many breaks away.
    fn block(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn nest(&mut self, prefix: &str) {
        // Deeper than markup goes they are not told apart.
        let prefix = if self.prefixes.len() < DEPTH {
            prefix
        } else {
            ""
        };
        self.prefixes.push(prefix.to_owned());
    }

    fn end_mark(&mut self, tag: &str) {
        let open = self.marks.iter().rposition(|(open, ..)| *open == tag);
        if let Some(open) = open {
            let (_, mark, written) = self.marks.remove(open);
            if written {
                self.close_with(mark);
            }
        }
    }

    /// Closes something right after the last word.
    fn close_with(&mut self, mark: &str) {
        let text = &mut self.written.text;
        let spaces = text.len() - text.trim_end_matches(' ').len();
        text.truncate(text.len() - spaces);
        text.push_str(mark);
        if spaces > 0 {
            text.push(' ');
        }
    }

    fn end_code(&mut self, block: bool) {
        let Some((code, is_block)) = self.code.take() else {
            return;
        };
        if is_block && !block {
            self.code = Some((code, is_block));
            return;
        }
        let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        self.flush();
        if is_block {
            let fence = "`".repeat(longest.max(2) + 1);
            let code = code.trim_matches('\n');
            for line in [&*fence]
                .into_iter()
                .chain(code.split('\n'))
                .chain([&*fence])
            {
                self.written.text.push_str(line);
                self.breaks = 1;
                self.flush();
            }
            self.block(1);
        } else if !code.trim().is_empty() {
            let fence = "`".repeat(longest + 1);
            let apart = if longest > 0 { " " } else { "" };
            let code = code.replace('\n', " ");
            self.written
                .text
                .push_str(&format!("{fence}{apart}{code}{apart}{fence}"));
        }
    }

    fn end_link(&mut self) {
        let Some((start, href)) = self.link.take() else {
            return;
        };
        let shown = self
            .written
            .text
            .split_off(start.min(self.written.text.len()));
        let words = shown.trim();
        let is_link = ["http://", "https://", "mailto:"]
            .iter()
            .any(|scheme| href.starts_with(scheme));
        let is_itself = words.replace('\\', "") == href || format!("mailto:{words}") == href;
        let leads = is_link && !words.is_empty() && !href.contains(['<', '>', '\n']);
        if !leads || is_itself {
            self.written.text.push_str(&shown);
        } else {
            let end = if shown.ends_with(' ') { " " } else { "" };
            self.written
                .text
                .push_str(&format!("[{words}](<{href}>){end}"));
        }
    }

    fn attached<'a>(
        &mut self,
        attached: &Attached,
        person: &dyn Fn(i64) -> Option<(UserId, &'a str)>,
    ) {
        if let Some(id) = attached.person() {
            self.flush();
            let text = &mut self.written.text;
            if text.ends_with(|c: char| !c.is_whitespace() && c != '(') {
                text.push(' ');
            }
            let (user, name) = match person(id) {
                Some((user, name)) => (Some(user), name),
                None => (None, "someone"),
            };
            text.push('@');
            text.push_str(name);
            self.written.mentions.extend(user);
            self.after_name = true;
        } else if attached.kind == "application/vnd.actiontext.opengraph-embed" {
            // The address that it is of stands before it, as a rule.
            if !self.written.text.contains(&attached.href) {
                self.block(1);
                self.flush();
                self.written.text.push_str(&attached.href);
                self.block(1);
            }
        } else if !attached.filename.is_empty() {
            self.block(1);
            self.flush();
            self.written.files += 1;
            self.written.text.push_str(&told(&attached.filename));
            self.block(1);
        }
    }

    fn done(mut self) -> Written {
        self.end_code(true);
        self.end_link();
        while let Some((_, mark, written)) = self.marks.pop() {
            if written {
                self.close_with(mark);
            }
        }
        let text = self.written.text.trim_end();
        self.written.text.truncate(text.len());
        self.written
    }
}

/// What stands in the text that is no text.
struct Attached {
    sgid: String,
    kind: String,
    href: String,
    filename: String,
}

impl Attached {
    /// The number of the person it names. That it is signed says nothing here: it is text like the rest.
    fn person(&self) -> Option<i64> {
        let message = decoded(self.sgid.split("--").next()?)?;
        let message: serde_json::Value = serde_json::from_slice(&message).ok()?;
        let rails = message.get("_rails")?;
        let data = match rails.get("data").and_then(|it| it.as_str()) {
            Some(data) => data.to_owned(),
            // Rails 7 kept it in Ruby's own form, in which it still can be read.
            None => {
                String::from_utf8_lossy(&decoded(rails.get("message")?.as_str()?)?).into_owned()
            }
        };
        let (_, user) = data.split_once("gid://campfire/User/")?;
        let digits = user.find(|c: char| !c.is_ascii_digit());
        user[..digits.unwrap_or(user.len())].parse().ok()
    }
}

/// Base64 of either alphabet, padded or not.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [alphabet::STANDARD, alphabet::URL_SAFE];
    let mut tried = alphabets.iter().map(|it| GeneralPurpose::new(it, config));
    tried.find_map(|engine| engine.decode(text).ok())
}

fn lossy(bytes: &HtmlString) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn told(html: &str) -> Written {
        markup(html, &|id| (id == 7).then_some((70, "david")))
    }

    #[test]
    fn what_is_marked_in_html_is_marked_in_markup() {
        for (html, markup) in [
            (
                "<div>Hello <strong>big </strong>world</div>",
                "Hello **big** world",
            ),
            ("<div>one<br>two<br><br>three</div>", "one\ntwo\n\nthree"),
            (
                "<div>1 &lt; 2 &amp;amp; *stars*</div>",
                "1 \\< 2 &amp; \\*stars\\*",
            ),
            (
                "<p>a</p><blockquote>quoted<br>more</blockquote><p>b</p>",
                "a\n\n> quoted\n> more\n\nb",
            ),
            (
                "<ul><li>one</li><li>two <em>2</em></li></ul>after",
                "- one\n- two *2*\n\nafter",
            ),
            ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
            (
                "<pre>let x = `1`;\n  y\n</pre>",
                "```\nlet x = `1`;\n  y\n```",
            ),
            ("<div>see <code>a*b</code></div>", "see `a*b`"),
            (
                r#"<div><a href="https://example.org/a_b">https://example.org/a_b</a></div>"#,
                "https://example.org/a_b",
            ),
            (
                r#"<div><a href="https://example.org/">a place</a>, there</div>"#,
                "[a place](<https://example.org/>), there",
            ),
            (
                r#"<div><a href="javascript:alert(1)">a place</a></div>"#,
                "a place",
            ),
            ("<div><del>gone</del></div>", "~~gone~~"),
            ("<script>alert(1)</script>hi", "hi"),
            ("plain\ntext - *here*", "plain\ntext - \\*here\\*"),
            ("<strong> </strong>&nbsp;", ""),
        ] {
            assert_eq!(told(html).text, markup, "{html}");
        }
    }

    #[test]
    fn people_who_are_named_are_named_here_whichever_way_they_were_signed() {
        let newer = r#"{"_rails":{"data":"gid://campfire/User/7?expires_in","pur":"attachable"}}"#;
        let marshalled = BASE64_STANDARD.encode(b"\x04\x08I\"\x1agid://campfire/User/7\x06:\x06ET");
        let older =
            format!(r#"{{"_rails":{{"message":"{marshalled}","exp":null,"pur":"attachable"}}}}"#);
        for message in [newer, &older] {
            let sgid = format!("{}--00ff", BASE64_STANDARD.encode(message));
            let html = format!(
                r#"<div>hi <action-text-attachment sgid="{sgid}" content-type="application/vnd.campfire.mention"></action-text-attachment>and all</div>"#
            );
            let written = told(&html);
            assert_eq!(written.text, "hi @david and all");
            assert_eq!(written.mentions, [70]);
        }
    }

    #[test]
    fn files_and_pages_in_the_text_are_told_of() {
        let html = r#"<div>https://example.org/<action-text-attachment content-type="application/vnd.actiontext.opengraph-embed" href="https://example.org/" filename="A page"></action-text-attachment><action-text-attachment sgid="x--y" content-type="image/png" filename="moon.png"></action-text-attachment></div>"#;
        let written = told(html);
        assert_eq!(written.text, "https://example.org/\n📎 moon.png");
        assert_eq!(written.files, 1);
    }

    proptest! {
        #[test]
        fn no_html_makes_it_panic_or_grow(html in "(<(/?(b|i|li|ul|ol|pre|code|a|blockquote|p|br))>|[a`* &\n]|&lt;){0,60}") {
            let written = told(&html);
            prop_assert!(written.text.len() <= 60 * html.len() + 60, "{}", written.text);
        }
    }
}
