//! What a log's frames become when a later entry changes the message they are about: whoever reads them from then
//! on is given its words as they are now, or none, and nobody what they were.

use super::frames::{self, Framed};
use crate::{domain::Quote, protocol::ServerFrame};

/// The frame as it is told once `change` has come; `None` where that does not concern it.
pub fn retold(frame: &Framed, change: &ServerFrame) -> Option<Framed> {
    let mut frame = serde_json::from_slice(frames::payload(frame)?).ok()?;
    let changed = match change {
        ServerFrame::Edited { of, body, at, .. } => edit(&mut frame, *of, body, Some(*at)),
        ServerFrame::DeletedMessage { of, .. } => edit(&mut frame, *of, "", None),
        ServerFrame::Erased { of, .. } => erase(&mut frame, *of),
        _ => false,
    };
    changed.then(|| frames::text(&frame))
}

/// Puts other words where those of the message `of` are. It was edited then, or else erased.
fn edit(frame: &mut ServerFrame, of: u64, now: &str, edited: Option<i64>) -> bool {
    match frame {
        ServerFrame::Message(message) if message.seq == of => {
            match edited {
                Some(at) => message.edit(now.to_owned(), at),
                None => message.delete(),
            }
            true
        }
        ServerFrame::Message(message) => match &mut message.re {
            Some(quote) if quote.seq == of => {
                Quote::excerpt(now).clone_into(&mut quote.body);
                true
            }
            _ => false,
        },
        ServerFrame::Edited {
            of: about, body, ..
        } if *about == of => {
            now.clone_into(body);
            true
        }
        _ => false,
    }
}

/// Takes away what is said there by messages up to `of`.
fn erase(frame: &mut ServerFrame, of: u64) -> bool {
    let said_or_quoted = match frame {
        ServerFrame::Message(message) if message.seq <= of => Some(message.seq),
        ServerFrame::Message(message) => message.re.as_ref().map(|quote| quote.seq),
        ServerFrame::Edited { of: about, .. } => Some(*about),
        _ => None,
    };
    said_or_quoted.is_some_and(|seq| seq <= of && edit(frame, seq, "", None))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Message;

    fn message(seq: u64, body: &str, re: Option<&Message>) -> Message {
        let quote = |of: &Message| Quote::new(of.seq, of.by.clone(), &of.body);
        Message {
            re: re.map(quote),
            ..Message::new(1, seq, Uuid::nil(), "alice".into(), 0, body.into())
        }
    }

    fn edited(seq: u64, of: u64, body: &str) -> ServerFrame {
        ServerFrame::Edited {
            room: 1,
            seq,
            of,
            by: "alice".into(),
            at: 9,
            body: body.into(),
        }
    }

    fn told(frame: &ServerFrame, change: &ServerFrame) -> Option<ServerFrame> {
        let told = retold(&frames::text(frame), change)?;
        serde_json::from_slice(frames::payload(&told)?).ok()
    }

    #[test]
    fn old_words_go_wherever_they_stand() {
        let first = message(1, "old words", None);
        let answer = message(2, "well", Some(&first));
        let change = edited(4, 1, "new words");
        let frames = [
            ServerFrame::Message(first),
            ServerFrame::Message(answer),
            edited(3, 1, "older words"),
        ];
        for frame in &frames {
            let now = told(frame, &change).expect("it is about the message");
            let text = serde_json::to_string(&now).expect("JSON");
            assert!(
                text.contains("new words") && !text.contains("old"),
                "{text}"
            );
        }
        let erased = ServerFrame::DeletedMessage {
            room: 1,
            seq: 5,
            of: 1,
            by: "alice".into(),
            at: 10,
        };
        for frame in &frames {
            let now = told(frame, &erased).expect("it is about the message");
            let text = serde_json::to_string(&now).expect("JSON");
            assert!(!text.contains("words"), "{text}");
        }
    }

    #[test]
    fn what_is_kept_no_longer_goes_wherever_it_stands() {
        let first = message(1, "old words", None);
        let answer = message(4, "well", Some(&first));
        let erased = ServerFrame::Erased {
            room: 1,
            seq: 6,
            of: 3,
            by: "alice".into(),
            at: 10,
        };
        let late = ServerFrame::Message(message(5, "new words", None));
        assert_eq!(told(&late, &erased), None);
        assert_eq!(told(&edited(6, 5, "newer"), &erased), None);
        for frame in [
            ServerFrame::Message(first),
            ServerFrame::Message(answer),
            edited(5, 1, "older words"),
        ] {
            let now = told(&frame, &erased).expect("it is about them");
            let text = serde_json::to_string(&now).expect("JSON");
            assert!(!text.contains("words"), "{text}");
        }
    }

    #[test]
    fn what_a_change_is_not_about_stays() {
        let other = ServerFrame::Message(message(2, "something else", None));
        assert_eq!(told(&other, &edited(3, 1, "new")), None);
        assert_eq!(told(&edited(3, 2, "b"), &edited(4, 1, "new")), None);
        assert_eq!(told(&other, &other), None);
    }
}
