//! What is searched for, and the terms that it is found by.
//!
//! A text's terms are its words, in lower case and without diacritics. Scripts that put no spaces between words
//! (Chinese, Japanese; Korean, whose words have endings, too) are cut into every two characters that follow one
//! another, and the last one: what one looks for may begin and end anywhere. What terms a text has must stay as it
//! is, because they are needed again to take it out of an index: an index made by other rules has to be made anew.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::domain::{ApiError, Folded, Millis, RoomId, Seq, limits};

/// Characters of a term at most; the rest of a longer word does not count.
const TERM_CHARS: usize = 64;

/// What somebody looks for, in which of their rooms.
#[derive(Clone, Debug)]
pub struct Search {
    pub query: Query,
    pub room: Option<RoomId>,
    /// Who said it.
    pub by: Option<Folded>,
    /// Older than this.
    pub before: Option<Place>,
    pub limit: usize,
}

/// Where a message stands among all that are found: by time, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: Millis,
    pub room: RoomId,
    pub seq: Seq,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.room, self.seq)
    }
}

impl Place {
    /// # Errors
    /// `bad_request` for anything that [`fmt::Display`] did not write.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let mut numbers = text.splitn(3, '.');
        let mut place = || {
            Some(Self {
                at: numbers.next()?.parse().ok()?,
                room: numbers.next()?.parse().ok()?,
                seq: numbers.next()?.parse().ok()?,
            })
        };
        place().ok_or_else(|| ApiError::bad_request("`before` is the `next` of an earlier search."))
    }
}

/// Words, all of which a message must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    parts: Vec<Part>,
}

/// Terms that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub terms: Vec<String>,
    /// Whether the last may be the beginning of a longer one.
    pub prefix: bool,
}

impl Query {
    /// Reads words, `"phrases in quotes"` and `prefixes*`. Whatever else is typed separates words.
    ///
    /// # Errors
    /// `bad_request` where there is nothing to look for, or too much.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        if typed.chars().count() > limits::SEARCH_CHARS {
            return Err(ApiError::bad_request(format!(
                "That is too much to search for: {} characters are the most.",
                limits::SEARCH_CHARS
            )));
        }
        let mut parts = Vec::new();
        for (n, stretch) in typed.split('"').enumerate() {
            // Every other stretch is in quotes; the last of them may lack its end.
            if n % 2 == 1 {
                parts.extend(Part::of(stretch));
            } else {
                parts.extend(stretch.split_whitespace().filter_map(Part::of));
            }
        }
        if parts.is_empty() {
            return Err(ApiError::bad_request("Type a word to search for."));
        }
        if parts.iter().map(|part| part.terms.len()).sum::<usize>() > limits::SEARCH_TERMS {
            return Err(ApiError::bad_request(format!(
                "That is too much to search for: {} words are the most.",
                limits::SEARCH_TERMS
            )));
        }
        Ok(Self { parts })
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether a text with these terms is one that is looked for.
    pub fn matches(&self, terms: &[String]) -> bool {
        self.parts.iter().all(|part| part.is_in(terms))
    }
}

impl Part {
    fn of(typed: &str) -> Option<Self> {
        let mut terms = Vec::new();
        let mut cut = Cutter::new(|term| terms.push(term.to_owned()));
        cut.take(typed);
        let wide = cut.wide.len();
        cut.end();
        let mut prefix = typed.trim_end().ends_with('*');
        match wide {
            0 => {}
            // Whatever begins with it, or is just it.
            1 => prefix = true,
            // It may go on, so it need not end here.
            _ => _ = terms.pop(),
        }
        (!terms.is_empty()).then_some(Self { terms, prefix })
    }

    fn is_in(&self, terms: &[String]) -> bool {
        let Some((last, before)) = self.terms.split_last() else {
            return true;
        };
        terms.windows(self.terms.len()).any(|window| {
            let ends = match window.last() {
                Some(term) if self.prefix => term.starts_with(last.as_str()),
                Some(term) => term == last,
                None => false,
            };
            ends && window.starts_with(before)
        })
    }
}

/// The terms of a text, in their order.
pub fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    each_term(text, |term| terms.push(term.to_owned()));
    terms
}

/// Gives the terms of a text to `take`, in their order.
pub fn each_term(text: &str, take: impl FnMut(&str)) {
    let mut cut = Cutter::new(take);
    cut.take(text);
    cut.end();
}

struct Cutter<F> {
    out: F,
    /// A word that has begun, and its characters.
    word: String,
    chars: usize,
    /// A stretch without spaces that has begun.
    wide: Vec<char>,
}

impl<F: FnMut(&str)> Cutter<F> {
    fn new(out: F) -> Self {
        Self {
            out,
            word: String::new(),
            chars: 0,
            wide: Vec::new(),
        }
    }

    fn take(&mut self, text: &str) {
        // Nothing that a character is normalised to depends on what stands beyond a space.
        for (n, stretch) in text.split(' ').enumerate() {
            if n > 0 {
                self.end();
            }
            if stretch.is_ascii() {
                self.take_ascii(stretch);
            } else {
                self.take_any(stretch);
            }
        }
    }

    /// As [`Self::take_any`], for what is its own normal form.
    fn take_ascii(&mut self, text: &str) {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                self.push(byte.to_ascii_lowercase().into());
            } else {
                self.end();
            }
        }
    }

    fn take_any(&mut self, text: &str) {
        for c in text.nfkc().flat_map(char::to_lowercase) {
            if is_wide(c) {
                self.end_word();
                self.wide.push(c);
            } else if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) {
                self.end_wide();
                for plain in std::iter::once(c).nfd().filter(|c| !is_diacritic(*c)) {
                    self.push(plain);
                }
            } else {
                self.end();
            }
        }
    }

    fn push(&mut self, c: char) {
        if self.chars < TERM_CHARS {
            self.word.push(c);
        }
        self.chars += 1;
    }

    fn end(&mut self) {
        self.end_word();
        self.end_wide();
    }

    fn end_word(&mut self) {
        if !self.word.is_empty() {
            (self.out)(&self.word);
            self.word.clear();
        }
        self.chars = 0;
    }

    fn end_wide(&mut self) {
        for pair in self.wide.windows(2) {
            (self.out)(&String::from_iter(pair));
        }
        if let Some(last) = self.wide.last() {
            (self.out)(last.encode_utf8(&mut [0; 4]));
        }
        self.wide.clear();
    }
}

/// Whether words of this character's script are not told apart by spaces alone.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}'          // Hangul letters
        | '\u{3005}'..='\u{3007}'        // 々 〆 〇
        | '\u{3040}'..='\u{30FA}'        // Hiragana, Katakana
        | '\u{30FC}'..='\u{318F}'        // ー, Bopomofo, Hangul letters
        | '\u{31A0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'        // Han
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}'        // Hangul
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Marks that people leave out: accents, and the points of Hebrew and Arabic. Those of other scripts are vowels.
fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(typed: &str, text: &str) -> bool {
        Query::parse(typed)
            .expect("something to look for")
            .matches(&terms(text))
    }

    #[test]
    fn case_width_and_diacritics_do_not_matter() {
        for (typed, text) in [
            ("creme", "Crème brûlée"),
            ("BRÛLÉE", "creme brulee"),
            ("istanbul", "İSTANBUL"),
            ("ａｂｃ", "abc"),
            ("שלום", "שָׁלוֹם"),
            ("ёлка", "елка"),
        ] {
            assert!(finds(typed, text), "{typed} in {text}");
        }
    }

    #[test]
    fn words_phrases_and_prefixes_are_told_apart() {
        let text = "The quick-brown fox jumps over the lazy dog.";
        for typed in [
            "fox",
            "dog fox",
            "\"brown fox\"",
            "quick-brown",
            "qui*",
            "\"lazy do*",
            "the THE",
        ] {
            assert!(finds(typed, text), "{typed}");
        }
        for typed in [
            "qui",
            "\"fox brown\"",
            "cat fox",
            "brown-quick",
            "\"lazy do\"",
        ] {
            assert!(!finds(typed, text), "{typed}");
        }
    }

    #[test]
    fn what_has_no_spaces_is_found_from_anywhere_in_it() {
        let text = "東京都に住んでいます。iPhone手机";
        for typed in [
            "東京",
            "京都",
            "都に",
            "住んで",
            "東",
            "ます",
            "す",
            "iphone手机",
            "手机",
        ] {
            assert!(finds(typed, text), "{typed}");
        }
        assert!(!finds("東都", text) && !finds("大阪", text) && finds("학교", "학교에서"));
    }

    #[test]
    fn nothing_and_too_much_are_refused_and_signs_are_no_syntax() {
        let code = |typed: &str| Query::parse(typed).map_err(|error| error.code).err();
        let bad = Some(crate::domain::Code::BadRequest);
        for typed in [
            "",
            "  ",
            "\"\"",
            "***",
            "!?",
            "\"",
            &"x".repeat(4_000),
            &"a ".repeat(90),
        ] {
            assert_eq!(code(typed), bad, "{typed}");
        }
        assert!(finds("\" OR *", "this or that"));
        assert!(!finds("this NOT that", "this that"));
    }

    proptest! {
        #[test]
        fn any_word_of_a_text_finds_it_and_nothing_panics(text in any::<String>(), typed in any::<String>()) {
            for word in text.split_whitespace() {
                if let Ok(query) = Query::parse(word) {
                    prop_assert!(query.matches(&terms(&text)), "{word:?} in {text:?}");
                }
            }
            let _ = Query::parse(&typed);
        }

        #[test]
        fn what_is_its_own_normal_form_is_cut_as_anything_else_is(
            text in "[a-zA-Z0-9 .*_\\-\\t\\n]{0,80}",
            more in "[ aé\u{301}東か\u{3099}ﬁ´＿ ]{0,12}",
        ) {
            let slowly = |text: &str| {
                let mut terms = Vec::new();
                let mut cut = Cutter::new(|term: &str| terms.push(term.to_owned()));
                cut.take_any(text);
                cut.end();
                terms
            };
            for text in [text.clone(), text.clone() + &more, more + &text] {
                prop_assert_eq!(terms(&text), slowly(&text));
            }
        }

        #[test]
        fn terms_are_letters_and_numbers_so_that_no_index_takes_them_for_syntax(text in any::<String>()) {
            for term in terms(&text) {
                prop_assert!(!term.is_empty() && term.chars().all(|c| c.is_alphanumeric() || !c.is_ascii()));
            }
        }
    }
}
