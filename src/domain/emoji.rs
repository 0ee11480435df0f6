//! What a message can be given as a reaction: one emoji. The tables stay on the server; the browser is given the
//! file `public/emoji.txt` when somebody wants to choose from all of them.

/// The reactions that are at hand without opening the list of all emoji.
pub const QUICK_REACTIONS: [&str; 6] = ["👍", "❤️", "😂", "🎉", "👀", "🙏"];

#[cfg(feature = "ssr")]
pub use server::Emoji;

#[cfg(feature = "ssr")]
mod server {
    use crate::domain::{ApiError, Code};

    /// One RGI emoji sequence (UTS #51), fully qualified, so that one emoji is one reaction however it was typed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Emoji(&'static str);

    impl Emoji {
        /// Takes minimally qualified and unqualified sequences too, as `emoji-test.txt` lists them.
        ///
        /// # Errors
        /// [`Code::InvalidEmoji`] for anything else than one emoji.
        pub fn parse(typed: &str) -> Result<Self, ApiError> {
            match emojis::get(typed) {
                Some(emoji) => Ok(Self(emoji.as_str())),
                None => Err(ApiError::new(
                    Code::InvalidEmoji,
                    "A reaction is one emoji. Choose one from the list.",
                )),
            }
        }

        pub fn as_str(self) -> &'static str {
            self.0
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::Code;

    fn parsed(typed: &str) -> Option<&'static str> {
        Emoji::parse(typed).ok().map(Emoji::as_str)
    }

    #[test]
    fn one_emoji_is_a_reaction_and_nothing_else_is() {
        for emoji in ["👍", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "#️⃣"]
        {
            assert_eq!(parsed(emoji), Some(emoji));
        }
        for other in [
            "",
            " ",
            "a",
            "1",
            "#",
            "👍👍",
            " 👍",
            "👍 ",
            "🏽",
            "🇩",
            "🇩🇩",
            "\u{200d}",
            "\u{fe0f}",
            "👍\u{fe0e}",
            ":thumbsup:",
            "thumbs up",
            "<b>",
            "\u{202e}",
            "👩\u{200d}",
        ] {
            let refused = Emoji::parse(other).map_err(|error| error.code);
            assert_eq!(refused, Err(Code::InvalidEmoji), "{other:?}");
        }
    }

    #[test]
    fn an_emoji_is_the_same_however_fully_it_was_typed() {
        for (typed, emoji) in [
            ("\u{2764}", "\u{2764}\u{fe0f}"),
            ("#\u{20e3}", "#\u{fe0f}\u{20e3}"),
            ("🕵\u{200d}♂", "🕵\u{fe0f}\u{200d}♂\u{fe0f}"),
            ("🕵\u{fe0f}\u{200d}♂", "🕵\u{fe0f}\u{200d}♂\u{fe0f}"),
        ] {
            assert_eq!(parsed(typed), Some(emoji), "{typed:?}");
        }
    }

    #[test]
    fn quick_reactions_are_emoji_as_they_are_stored() {
        for emoji in QUICK_REACTIONS {
            assert_eq!(parsed(emoji), Some(emoji));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_an_emoji_panic_and_none_changes_when_parsed_again(
            text in "([\\PC]|[👍❤🏽👩🇩🇪#1]|\u{200d}|\u{fe0f}|\u{20e3}){0,5}",
        ) {
            if let Some(emoji) = parsed(&text) {
                prop_assert_eq!(parsed(emoji), Some(emoji));
            }
        }
    }

    /// What `public/emoji.txt` holds. A line `= Name` begins a group; every other line is an emoji, a space, its
    /// name and, after a semicolon, further words to find it by. In the order in which Unicode shows them, without
    /// skin tones, and without what the newest version added, which hardly any system can show yet.
    fn list() -> String {
        use emojis::Group::*;
        let groups = [
            (SmileysAndEmotion, "Smileys and emotion"),
            (PeopleAndBody, "People and body"),
            (AnimalsAndNature, "Animals and nature"),
            (FoodAndDrink, "Food and drink"),
            (TravelAndPlaces, "Travel and places"),
            (Activities, "Activities"),
            (Objects, "Objects"),
            (Symbols, "Symbols"),
            (Flags, "Flags"),
        ];
        let mut list = String::new();
        for (group, name) in groups {
            let _ = writeln!(list, "= {name}");
            for emoji in group.emojis() {
                if emoji.unicode_version() >= emojis::UNICODE_VERSION {
                    continue;
                }
                let name = emoji.name();
                let mut known: Vec<&str> = name.split([' ', '-', ':', ',']).collect();
                let mut more = Vec::new();
                for word in emoji.shortcodes().flat_map(|code| code.split(['_', '-'])) {
                    if !known.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                        known.push(word);
                        more.push(word);
                    }
                }
                let _ = write!(list, "{emoji} {name}");
                if !more.is_empty() {
                    let _ = write!(list, ";{}", more.join(" "));
                }
                list.push('\n');
            }
        }
        list
    }

    #[test]
    fn the_list_of_all_emoji_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/public/emoji.txt");
        let list = list();
        if std::fs::read_to_string(path).ok().as_deref() != Some(&list) {
            std::fs::write(path, &list).expect("public/ can be written");
            panic!(
                "public/emoji.txt was not up to date. It has been written anew: look at it and commit it."
            );
        }
        let emoji = || list.lines().filter(|line| !line.starts_with("= "));
        assert!(emoji().count() > 1_800, "{} emoji", emoji().count());
        for line in emoji() {
            let (emoji, name) = line.split_once(' ').expect("an emoji and its name");
            assert_eq!(parsed(emoji), Some(emoji), "{line}");
            assert!(name.starts_with(|c: char| !c.is_whitespace()), "{line}");
        }
        assert!(list.len() < 60_000, "{} bytes", list.len());
    }
}
