//! Which message the address of a room's page is about, and what is to be done to it: what links lead to, and what
//! the actions of a row ask for where no script answers them.

use serde::{Deserialize, Serialize};

use crate::domain::{Flash, Seq};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    pub seq: Seq,
    pub wish: Wish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// Only to see it.
    See,
    /// To have what can be done to it at hand.
    Act,
    Reply,
    Edit,
    React,
}

impl Aim {
    /// What a page is about, given its query and what has just been refused there: that is seen where it was tried.
    pub fn of_page(query: &str, refused: Option<&Flash>) -> Option<Self> {
        let asked = Self::of_query(query);
        let Some((flash, seq)) = refused.and_then(|flash| Some((flash, flash.message()?))) else {
            return asked;
        };
        let wish = match &*flash.form {
            "edit_message" => Wish::Edit,
            _ => asked
                .filter(|aim| aim.seq == seq)
                .map_or(Wish::See, |aim| aim.wish),
        };
        Some(Self { seq, wish })
    }

    /// What a query asks for: `at=812`, `act=812` and so on, or `ask=` the dialog that asks before a message is erased.
    fn of_query(query: &str) -> Option<Self> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut aims = pairs.filter_map(|(name, value)| {
            let wish = match name {
                "at" => Wish::See,
                "act" | "ask" => Wish::Act,
                "reply" => Wish::Reply,
                "edit" => Wish::Edit,
                "react" => Wish::React,
                _ => return None,
            };
            let seq = match value.strip_prefix("erase-") {
                Some(erased) => erased.split_once('-')?.1,
                None if name == "ask" => return None,
                None => value,
            };
            Some(Self {
                seq: seq.parse().ok()?,
                wish,
            })
        });
        aims.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ApiError;

    #[test]
    fn what_was_refused_is_seen_where_it_was_tried() {
        let of = |query: &str, form: &str, seq: &str| {
            let refused = Flash {
                form: form.to_owned(),
                error: ApiError::unavailable(),
                fields: [("seq".to_owned(), seq.to_owned())].into(),
            };
            Aim::of_page(query, Some(&refused)).map(|aim| (aim.seq, aim.wish))
        };
        assert_eq!(of("edit=3", "edit_message", "3"), Some((3, Wish::Edit)));
        assert_eq!(of("at=3", "edit_message", "3"), Some((3, Wish::Edit)));
        assert_eq!(of("react=3", "react", "3"), Some((3, Wish::React)));
        assert_eq!(
            of("ask=erase-17-3", "delete_message", "3"),
            Some((3, Wish::Act))
        );
        assert_eq!(of("", "react", "3"), Some((3, Wish::See)));
        assert_eq!(of("at=3", "react", "7"), Some((7, Wish::See)));
        assert_eq!(of("reply=3", "post_message", ""), Some((3, Wish::Reply)));
        assert_eq!(Aim::of_page("before=5", None), None);
    }

    #[test]
    fn a_query_may_be_about_a_message() {
        let of = |query: &str| Aim::of_query(query).map(|aim| (aim.seq, aim.wish));
        assert_eq!(of("at=812"), Some((812, Wish::See)));
        assert_eq!(of("flash=x&edit=3"), Some((3, Wish::Edit)));
        assert_eq!(of("ask=erase-17-812"), Some((812, Wish::Act)));
        for other in [
            "",
            "at=",
            "at=x",
            "ask=leave-17-here",
            "ask=erase-17",
            "before=5",
            "ask=5",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
