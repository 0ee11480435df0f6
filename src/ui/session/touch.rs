//! What an entry does to a message that is there already.

use crate::{
    domain::{Message, Millis, Quote, Seq},
    protocol::ServerFrame,
};

/// An entry that says nothing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    pub seq: Seq,
    /// The message.
    pub of: Seq,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Edit { body: String, at: Millis },
    Delete,
    React { by: String, emoji: String, on: bool },
}

impl Touch {
    /// What a frame tells of, where it is of this kind.
    pub fn of(frame: &ServerFrame) -> Option<Self> {
        let (seq, of, what) = match frame {
            ServerFrame::Edited {
                seq, of, at, body, ..
            } => (
                seq,
                of,
                What::Edit {
                    body: body.clone(),
                    at: *at,
                },
            ),
            ServerFrame::DeletedMessage { seq, of, .. } => (seq, of, What::Delete),
            ServerFrame::Reacted {
                seq,
                of,
                by,
                emoji,
                on,
                ..
            } => (
                seq,
                of,
                What::React {
                    by: by.clone(),
                    emoji: emoji.clone(),
                    on: *on,
                },
            ),
            _ => return None,
        };
        Some(Self {
            seq: *seq,
            of: *of,
            what,
        })
    }

    /// Does it to its message, or to what another quotes of it. Says whether this was either.
    pub fn apply(&self, message: &mut Message) -> bool {
        if message.seq == self.of {
            match &self.what {
                What::Edit { body, at } => message.edit(body.clone(), *at),
                What::Delete => message.delete(),
                What::React { by, emoji, on } => message.react(by, emoji, *on),
            }
            return true;
        }
        let Some(quote) = message.re.as_mut().filter(|re| re.seq == self.of) else {
            return false;
        };
        match &self.what {
            What::Edit { body, .. } => quote.body = Quote::excerpt(body).to_owned(),
            What::Delete => quote.body.clear(),
            What::React { .. } => return false,
        }
        true
    }
}
