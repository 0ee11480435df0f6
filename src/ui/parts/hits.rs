//! What was searched for, in what was found: the words around it, and it marked.

use leptos::{either::Either, prelude::*};
use unicode_normalization::UnicodeNormalization;

/// Characters that are shown of a long message.
const EXCERPT: usize = 240;
/// Characters before the first hit, where what is before it is cut.
const AHEAD: usize = 60;

/// A message's text, on one line, with the words that were searched for marked.
#[component]
pub fn Marked(body: String, words: String) -> impl IntoView {
    let wanted = wanted(&words);
    let pieces = marked(&body, &wanted);
    pieces
        .into_iter()
        .map(|(text, hit)| {
            if hit {
                Either::Left(view! { <mark>{text}</mark> })
            } else {
                Either::Right(text)
            }
        })
        .collect_view()
}

/// A word that is looked for, folded.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    word: Vec<char>,
    /// Whether it may be the beginning of one, or within one: a script without spaces has no words to tell apart.
    part: bool,
}

fn wanted(words: &str) -> Vec<Wanted> {
    let words = words.split(|char: char| char.is_whitespace() || char == '"');
    let wanted = words.filter_map(|word| {
        let word: Vec<char> = fold(word);
        let bare: Vec<char> = word
            .iter()
            .copied()
            .filter(|char| char.is_alphanumeric())
            .collect();
        let part = word.last() == Some(&'*') || bare.iter().any(|char| is_unspaced(*char));
        (!bare.is_empty()).then_some(Wanted { word: bare, part })
    });
    wanted.collect()
}

/// Letters of scripts that are written without spaces between words.
fn is_unspaced(char: char) -> bool {
    matches!(char, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// As letters are compared: without case and accents.
fn fold(text: &str) -> Vec<char> {
    text.chars().map(fold_char).collect()
}

fn fold_char(char: char) -> char {
    let base = if char.is_ascii() { char } else { base(char) };
    base.to_lowercase().next().unwrap_or(base)
}

/// A letter without its accents.
fn base(char: char) -> char {
    std::iter::once(char).nfd().next().unwrap_or(char)
}

/// An excerpt in pieces, and which of them are hits.
fn marked(body: &str, wanted: &[Wanted]) -> Vec<(String, bool)> {
    let chars: Vec<char> = body
        .chars()
        .map(|char| if char.is_whitespace() { ' ' } else { char })
        .collect();
    let hits = hits(&chars, wanted);
    let first = hits.iter().position(|hit| *hit).unwrap_or(0);
    let start = if chars.len() > EXCERPT {
        first.saturating_sub(AHEAD)
    } else {
        0
    };
    let end = chars.len().min(start + EXCERPT);
    let mut pieces: Vec<(String, bool)> = Vec::new();
    if start > 0 {
        pieces.push(("…".to_owned(), false));
    }
    for at in start..end {
        match pieces.last_mut() {
            Some((text, hit)) if *hit == hits[at] => text.push(chars[at]),
            _ => pieces.push((chars[at].to_string(), hits[at])),
        }
    }
    if end < chars.len() {
        pieces.push(("…".to_owned(), false));
    }
    pieces
}

/// Which characters belong to a hit.
fn hits(chars: &[char], wanted: &[Wanted]) -> Vec<bool> {
    let folded: Vec<char> = chars.iter().copied().map(fold_char).collect();
    let mut hits = vec![false; chars.len()];
    let in_word = |at: usize| folded.get(at).is_some_and(|char| char.is_alphanumeric());
    for Wanted { word, part } in wanted {
        for at in 0..folded.len() {
            if !folded[at..].starts_with(word) {
                continue;
            }
            let unspaced = word.iter().any(|char| is_unspaced(*char));
            let begins = at == 0 || !in_word(at - 1);
            let ends = !in_word(at + word.len());
            if unspaced || begins && (*part || ends) {
                hits[at..at + word.len()].fill(true);
            }
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hits of some words in a text.
    fn of(body: &str, words: &str) -> Vec<String> {
        let pieces = marked(body, &wanted(words)).into_iter();
        pieces
            .filter_map(|(text, hit)| hit.then_some(text))
            .collect()
    }

    #[test]
    fn words_are_marked_whatever_their_case_and_accents() {
        assert_eq!(
            of("The Café is a cafe, not a cafeteria", "cafe"),
            ["Café", "cafe"]
        );
        assert_eq!(of("the door, doors", "door*"), ["door", "door"]);
        assert_eq!(of("open the door", "\"the door\""), ["the", "door"]);
        assert_eq!(of("東京都に行く", "東京"), ["東京"]);
        assert_eq!(of("nothing", "else"), Vec::<String>::new());
    }

    #[test]
    fn of_a_long_message_what_is_about_the_first_hit_is_shown() {
        let body = format!("{} key {}", "x ".repeat(300), "y ".repeat(300));
        let pieces = marked(&body, &wanted("key"));
        let text: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
        assert!(text.starts_with('…') && text.ends_with('…') && text.contains("key"));
        assert_eq!(text.chars().count(), EXCERPT + 2);
    }

    #[test]
    fn nothing_of_a_short_message_is_lost() {
        let pieces = marked("a\nb key", &wanted("key"));
        let text: String = pieces.into_iter().map(|(text, _)| text).collect();
        assert_eq!(text, "a b key");
    }
}
