//! Addresses: which of them are links, and where one ends.

use super::steps::step;

/// Parentheses within one another in an address, as in the reference implementation: what keeps a row of opened
/// links from being read again for each.
const PARENTHESES: usize = 32;

/// Whether a link may lead there.
pub fn is_allowed(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else {
        return false;
    };
    let is = |allowed| scheme.eq_ignore_ascii_case(allowed);
    (is("http") || is("https")) && rest.starts_with("//") || is("mailto")
}

/// `(address "title")`, which makes a link of the brackets before it: the address, and the text after it. The title
/// is not kept.
pub fn target(text: &str) -> Option<(String, &str)> {
    let rest = white_space(text.strip_prefix('(')?);
    let (address, rest) = match rest.strip_prefix('<') {
        Some(rest) => {
            let end = closing(rest, |c| c == '>', |c| c == '<' || c == '\n')?;
            (&rest[..end], &rest[end + 1..])
        }
        None => rest.split_at(bare(rest)?),
    };
    let after = white_space(rest);
    let end = match after.chars().next()? {
        quote @ ('"' | '\'' | '(') if after.len() < rest.len() => {
            let title = &after[1..];
            let close = if quote == '(' { ')' } else { quote };
            let end = closing(title, |c| c == close, |c| c == '(' && quote == '(')?;
            white_space(&title[end + 1..])
        }
        _ => after,
    };
    Some((unescaped(address), end.strip_prefix(')')?))
}

/// What `<address>` links to, and the length of the text between the angle brackets; `text` is what follows the
/// first.
pub fn angled(text: &str) -> Option<(String, usize)> {
    let mut end = 0;
    for c in text.chars() {
        step();
        match c {
            '>' => break,
            '<' | '\0'..=' ' => return None,
            _ => end += c.len_utf8(),
        }
    }
    let address = &text[..end];
    if end == text.len() {
        None
    } else if is_allowed(address) {
        Some((address.to_owned(), end))
    } else if is_mail(address) {
        Some((mail(address), end))
    } else {
        None
    }
}

/// The link to an e-mail address.
pub fn mail(address: &str) -> String {
    ["mailto:", address].concat()
}

/// Without the backslashes of its escapes.
pub fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '\\' && next.is_ascii_punctuation() => {}
            _ => plain.push(c),
        }
        if c == '\\' {
            plain.extend(chars.next_if(char::is_ascii_punctuation));
        }
    }
    plain
}

/// The length of an address without angle brackets: no white space or controls, balanced parentheses. May be 0.
fn bare(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut escaped = false;
    for (at, c) in text.bytes().enumerate() {
        step();
        match c {
            b'\0'..=b' ' | 0x7F => return Some(at),
            _ if escaped && c.is_ascii_punctuation() => escaped = false,
            b'\\' => escaped = true,
            b'(' => {
                depth += 1;
                escaped = false;
                if depth > PARENTHESES {
                    return None;
                }
            }
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => escaped = false,
        }
    }
    None
}

/// Where the first character is that closes, if no character that is not allowed comes before it. Escaped ones don't
/// count.
fn closing(
    text: &str,
    closes: impl Fn(char) -> bool,
    refused: impl Fn(char) -> bool,
) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        step();
        if !escaped && (closes(c) || refused(c)) || c == '\n' && refused(c) {
            return closes(c).then_some(at);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Skips spaces, tabs and one line break.
fn white_space(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t']);
    let text = text.strip_prefix('\n').unwrap_or(text);
    text.trim_start_matches([' ', '\t'])
}

/// As HTML's `<input type=email>` takes it, which is what CommonMark goes by.
fn is_mail(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_local = |c: u8| c.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    !local.is_empty() && local.bytes().all(is_local) && domain.split('.').all(is_label)
}
