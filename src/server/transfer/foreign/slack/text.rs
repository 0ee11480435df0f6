//! What is written in Slack ("mrkdwn", with people, channels and addresses in angle brackets) as markup.

use emojis::SkinTone;

use super::super::bodies::escaped;
use crate::server::store::UserId;

#[derive(Debug, Default)]
pub struct Written {
    pub text: String,
    pub mentions: Vec<UserId>,
}

type People<'a> = dyn Fn(&str) -> Option<(UserId, &'a str)> + 'a;
type Channels<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// `person` says who has that number, and what they are called here; `channel` what a channel is called.
pub fn markup<'a>(text: &str, person: &People<'a>, channel: &Channels<'a>) -> Written {
    let mut written = Written::default();
    for (n, part) in text.split("```").enumerate() {
        if n % 2 == 1 {
            let code = pointed(part, true, &mut Vec::new(), person, channel);
            let out = &mut written.text;
            if !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(&format!("```\n{}\n```\n", code.trim_matches('\n')));
            continue;
        }
        let part = if n > 0 {
            part.strip_prefix('\n').unwrap_or(part)
        } else {
            part
        };
        let mut was_quote = false;
        for (n, line) in part.split('\n').enumerate() {
            if n > 0 {
                written.text.push('\n');
            }
            let is_quote = line.starts_with("&gt;");
            // A quote ends with its line.
            if was_quote && !is_quote && !line.trim().is_empty() {
                written.text.push('\n');
            }
            was_quote = is_quote;
            for (n, part) in line.split('`').enumerate() {
                if n > 0 {
                    written.text.push('`');
                }
                let is_code = n % 2 == 1;
                let part = if is_code { part.to_owned() } else { bold(part) };
                let mentions = &mut written.mentions;
                let shown = pointed(&part, is_code, mentions, person, channel);
                written.text.push_str(&shown);
            }
        }
    }
    written.text = written.text.trim().to_owned();
    written
}

/// What stands in angle brackets, and the three characters that cannot stand for themselves.
fn pointed<'a>(
    text: &str,
    is_code: bool,
    mentions: &mut Vec<UserId>,
    person: &People<'a>,
    channel: &Channels<'a>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let between = |text: &str| {
        if is_code {
            plain(text)
        } else {
            with_emoji(&plain(text))
        }
    };
    while let Some(start) = rest.find('<') {
        out.push_str(&between(&rest[..start]));
        let Some(end) = rest[start..].find('>') else {
            rest = &rest[start..];
            break;
        };
        let inside = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        let (to, label) = inside.split_once('|').unwrap_or((inside, ""));
        let label = plain(label);
        if let Some(id) = to.strip_prefix('@') {
            let known = person(id);
            let name = match &known {
                Some((_, name)) => name,
                None if label.is_empty() => "someone",
                None => label.trim_start_matches('@'),
            };
            out.push('@');
            out.push_str(name);
            if !is_code {
                mentions.extend(known.map(|(user, _)| user));
            }
            if rest.starts_with(char::is_alphanumeric) {
                out.push(' ');
            }
        } else if let Some(id) = to.strip_prefix('#') {
            let name = channel(id).unwrap_or(if label.is_empty() { id } else { &label });
            out.push_str(&format!("#{name}"));
        } else if let Some(special) = to.strip_prefix('!') {
            match (
                label.is_empty(),
                special.split('^').next().unwrap_or_default(),
            ) {
                (true, "here" | "channel" | "everyone") => out.push_str(&format!("@{special}")),
                (true, _) => {}
                (false, _) => out.push_str(&label),
            }
        } else {
            let to = plain(to);
            let shown = to.trim_start_matches("mailto:").trim_start_matches("tel:");
            if label.is_empty() || label == to || label == shown || is_code {
                out.push_str(shown);
            } else if to.starts_with("http") || to.starts_with("mailto:") {
                out.push_str(&format!("[{}](<{to}>)", escaped(&label)));
            } else {
                out.push_str(&format!("{} ({to})", escaped(&label)));
            }
        }
    }
    out.push_str(&between(rest));
    out
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// `*bold*` has two stars here. Those in angle brackets mean nothing.
fn bold(line: &str) -> String {
    let mut inside = false;
    let stars: Vec<usize> = line
        .char_indices()
        .filter_map(|(at, c)| {
            inside = c == '<' || inside && c != '>';
            (c == '*' && !inside).then_some(at)
        })
        .collect();
    let (mut out, mut done) = (String::with_capacity(line.len()), 0);
    let mut stars = stars.into_iter().peekable();
    while let Some(start) = stars.next() {
        let before = line[..start].chars().next_back();
        let after = line[start + 1..].chars().next();
        let opens = before.is_none_or(|c| !c.is_alphanumeric() && c != '*')
            && after.is_some_and(|c| !c.is_whitespace() && c != '*');
        // The next star closes it, or nothing does.
        let Some(&end) = stars.peek().filter(|_| opens) else {
            continue;
        };
        let last = line[..end].chars().next_back();
        let next = line[end + 1..].chars().next();
        let closes = last.is_some_and(|c| !c.is_whitespace())
            && next.is_none_or(|c| !c.is_alphanumeric() && c != '*');
        if closes {
            out.push_str(&line[done..start]);
            out.push_str(&format!("**{}**", &line[start + 1..end]));
            done = end + 1;
            stars.next();
        }
    }
    out.push_str(&line[done..]);
    out
}

/// `:smile:`, and `:wave::skin-tone-3:`, as the emoji that they name.
fn with_emoji(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(':') {
        let name = |text: &str| {
            let end = text.find(|c: char| {
                !(c.is_ascii_lowercase() || c.is_ascii_digit() || "_+-'".contains(c))
            });
            end.filter(|end| *end > 0 && text[*end..].starts_with(':'))
        };
        let after = &rest[start + 1..];
        let found = name(after).and_then(|end| {
            let more = &after[end + 1..];
            let tone = more.strip_prefix(":skin-tone-").and_then(name);
            let long = tone.map(|tone| end + 1 + ":skin-tone-".len() + tone);
            let toned = long.and_then(|long| Some((emoji(&after[..long])?, long)));
            toned.or_else(|| Some((emoji(&after[..end])?, end)))
        });
        out.push_str(&rest[..start]);
        match found {
            Some((emoji, end)) => {
                out.push_str(emoji);
                rest = &after[end + 1..];
            }
            None => {
                out.push(':');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The emoji that Slack calls that, with its skin tone where it has one: `wave::skin-tone-3`.
pub fn emoji(name: &str) -> Option<&'static str> {
    let (name, tone) = name.split_once("::skin-tone-").unwrap_or((name, ""));
    let emoji = emojis::get_by_shortcode(name)?;
    let tone = match tone {
        "2" => SkinTone::Light,
        "3" => SkinTone::MediumLight,
        "4" => SkinTone::Medium,
        "5" => SkinTone::MediumDark,
        "6" => SkinTone::Dark,
        _ => return Some(emoji.as_str()),
    };
    Some(emoji.with_skin_tone(tone).unwrap_or(emoji).as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Written {
        let person = |id: &str| (id == "U1").then_some((10, "alice"));
        let channel = |id: &str| (id == "C1").then_some("general");
        markup(text, &person, &channel)
    }

    #[test]
    fn what_is_written_in_slack_reads_the_same_here() {
        for (slack, here) in [
            (
                "hi <@U1>, see <#C1|old> and <#C2|other>",
                "hi @alice, see #general and #other",
            ),
            (
                "<@U1|al>and <@U9|guest> <@U8>",
                "@alice and @guest @someone",
            ),
            (
                "<!here> <!channel> <!subteam^S1|@team>",
                "@here @channel @team",
            ),
            ("<!date^1392734382^{date}|18 February>", "18 February"),
            (
                "<https://example.org/?a=1&amp;b=2>",
                "https://example.org/?a=1&b=2",
            ),
            (
                "<https://example.org|the *place*>",
                "[the \\*place\\*](<https://example.org>)",
            ),
            ("<mailto:a@example.org|a@example.org>", "a@example.org"),
            ("1 &lt; 2 &amp;amp; so", "1 < 2 &amp; so"),
            (
                "*bold <@U1>* _it_ ~no~ 2*3*4 <https://e.org/*a*>",
                "**bold @alice** _it_ ~no~ 2*3*4 https://e.org/*a*",
            ),
            ("`*code* &lt;` and :tada:", "`*code* <` and 🎉"),
            ("```let x;\ny```after", "```\nlet x;\ny\n```\nafter"),
            ("&gt; quoted\nnot", "> quoted\n\nnot"),
            (
                ":wave::skin-tone-6: :own_one: 10:30:00",
                "👋🏿 :own_one: 10:30:00",
            ),
            ("a < b", "a < b"),
        ] {
            assert_eq!(told(slack).text, here, "{slack}");
        }
        assert_eq!(told("<@U1> `<@U1>` <@U2>").mentions, [10]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([\\PC]|[`*<>|@#!:&\n])*") {
            told(&text);
        }
    }
}
