//! What *me* wants to happen in a room and is not durable yet: what is on its way, what waits, what was refused.
//!
//! One thing is on its way at a time and the next follows when it is durable, so a room gets them in the
//! order they were done whatever becomes of the connection. Repeating one is safe: its id is its own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Message, Millis, Quote, RoomId, Seq},
    protocol::ClientFrame,
};

/// Something that is not on record yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// UUIDv7: ids sort in the order in which things were done.
    pub id: Uuid,
    /// The words of a message or of an edit, or the emoji of a reaction.
    pub body: String,
    /// When it was done, by this browser's clock.
    pub at: Millis,
    #[serde(default)]
    pub act: Act,
    /// Why the server would not have it. It then waits for its author, not for the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Its seq, once durable: it stays here only until it arrives in its room's order.
    #[serde(skip)]
    pub sent: Option<Seq>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    Say { re: Option<Quote> },
    Edit { of: Of },
    Delete { of: Of },
    React { of: Of, on: bool },
}

impl Default for Act {
    fn default() -> Self {
        Self::Say { re: None }
    }
}

/// The message that something is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    Seq(Seq),
    /// One that waits before it.
    Unsent(Uuid),
}

impl Act {
    /// The message that it is done to.
    pub fn of(&self) -> Option<Of> {
        match self {
            Self::Say { .. } => None,
            Self::Edit { of } | Self::Delete { of } | Self::React { of, .. } => Some(*of),
        }
    }

    fn of_mut(&mut self) -> Option<&mut Of> {
        match self {
            Self::Say { .. } => None,
            Self::Edit { of } | Self::Delete { of } | Self::React { of, .. } => Some(of),
        }
    }
}

impl Unsent {
    pub fn new(act: Act, body: String, at: Millis) -> Self {
        Self {
            id: Uuid::now_v7(),
            body,
            at,
            act,
            refused: None,
            sent: None,
        }
    }

    pub fn is_said(&self) -> bool {
        matches!(self.act, Act::Say { .. })
    }

    fn waits(&self) -> bool {
        self.refused.is_none() && self.sent.is_none()
    }

    /// The frame that does it; `None` while what it is done to has no seq.
    pub fn frame(&self, room: RoomId) -> Option<ClientFrame> {
        let (id, body) = (self.id, self.body.clone());
        Some(match &self.act {
            Act::Say { re } => ClientFrame::Send {
                room,
                id,
                body,
                re: re.as_ref().map(|re| re.seq),
            },
            Act::Edit { of: Of::Seq(of) } => ClientFrame::Edit {
                room,
                id,
                of: *of,
                body,
            },
            Act::Delete { of: Of::Seq(of) } => ClientFrame::Delete { room, id, of: *of },
            Act::React {
                of: Of::Seq(of),
                on,
            } => ClientFrame::React {
                room,
                id,
                of: *of,
                emoji: body,
                on: *on,
            },
            _ => return None,
        })
    }

    /// A message as it will be once this is on record. What is to be deleted stays until it is.
    pub fn foretell(&self, message: &mut Message, me: &str) {
        if self.refused.is_none() {
            match self.act {
                Act::Edit { .. } => message.edit(self.body.clone(), self.at),
                Act::React { on, .. } => message.react(me, &self.body, on),
                Act::Say { .. } | Act::Delete { .. } => {}
            }
        }
    }
}

/// What waits in one room, in the order in which it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    items: Vec<Unsent>,
    under_way: Option<Uuid>,
}

impl Outbox {
    pub fn items(&self) -> &[Unsent] {
        &self.items
    }

    pub fn get(&self, id: Uuid) -> Option<&Unsent> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Messages, as what is done to them after that leaves them.
    pub fn said(&self) -> Vec<Unsent> {
        let said = self.items.iter().filter(|item| item.is_said()).cloned();
        let mut said: Vec<_> = said.collect();
        for message in &mut said {
            let edits = self.upon(Of::Unsent(message.id));
            if let Some(edit) = edits.filter(|item| item.refused.is_none()).last() {
                message.body = edit.body.clone();
            }
        }
        said
    }

    /// What is to be done to messages that the room has.
    pub fn upon_messages(&self) -> Vec<Unsent> {
        let upon = |item: &&Unsent| matches!(item.act.of(), Some(Of::Seq(_)));
        self.items.iter().filter(upon).cloned().collect()
    }

    /// What is to be done to a message.
    pub fn upon(&self, of: Of) -> impl Iterator<Item = &Unsent> {
        self.items
            .iter()
            .filter(move |item| item.act.of() == Some(of))
    }

    /// Adds something, or leaves the one with its id as it is.
    pub fn add(&mut self, item: Unsent) {
        if let Err(place) = self.items.binary_search_by_key(&item.id, |known| known.id) {
            self.items.insert(place, item);
        }
    }

    /// What to send now, if it is time for it. It is on its way from here on.
    pub fn next_to_send(&mut self) -> Option<Unsent> {
        if self.under_way.is_some() {
            return None;
        }
        // What is done to a message waits for it, refused or not.
        let ready = |item: &&Unsent| item.waits() && !matches!(item.act.of(), Some(Of::Unsent(_)));
        let next = self.items.iter().find(ready)?.clone();
        self.under_way = Some(next.id);
        Some(next)
    }

    /// Whether this is on its way.
    pub fn is_under_way(&self, id: Uuid) -> bool {
        self.under_way == Some(id)
    }

    /// What was on its way may not have arrived: it is sent again.
    pub fn connection_lost(&mut self) {
        self.under_way = None;
    }

    /// It is durable. Gives back what has been told its seq by that.
    pub fn sent(&mut self, id: Uuid, seq: Seq) -> Vec<Unsent> {
        self.landed(id);
        if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
            item.sent = Some(seq);
            item.refused = None;
        }
        let mut told = Vec::new();
        for item in &mut self.items {
            if let Some(of) = item.act.of_mut().filter(|of| **of == Of::Unsent(id)) {
                *of = Of::Seq(seq);
                told.push(item.clone());
            }
        }
        told
    }

    /// The server would not have it. Gives it back as it is now.
    pub fn refused(&mut self, id: Uuid, why: String) -> Option<Unsent> {
        self.landed(id);
        let item = self.items.iter_mut().find(|item| item.id == id)?;
        item.refused = Some(why);
        Some(item.clone())
    }

    /// Its author wants it sent again. Gives it back as it is now.
    pub fn retry(&mut self, id: Uuid) -> Option<Unsent> {
        let item = self.items.iter_mut().find(|item| item.id == id)?;
        item.refused = None;
        Some(item.clone())
    }

    /// It is in the timeline, or its author has taken it back, and with it what was to be done to it. Gives all that
    /// back, in the order in which it was done.
    pub fn remove(&mut self, id: Uuid) -> Vec<Unsent> {
        self.landed(id);
        let goes = |item: &mut Unsent| item.id == id || item.act.of() == Some(Of::Unsent(id));
        self.items.extract_if(.., goes).collect()
    }

    /// Lets go of what is durable and lies at or before `seq`: the timeline has it.
    pub fn shown_up_to(&mut self, seq: Seq) {
        self.items
            .retain(|item| item.sent.is_none_or(|sent| sent > seq));
    }

    /// Whether something waits for the connection.
    pub fn is_waiting(&self) -> bool {
        self.items.iter().any(Unsent::waits)
    }

    fn landed(&mut self, id: Uuid) {
        if self.is_under_way(id) {
            self.under_way = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Unsent {
        Unsent::new(Act::default(), body.into(), 0)
    }

    fn edit(of: Of, body: &str) -> Unsent {
        Unsent::new(Act::Edit { of }, body.into(), 0)
    }

    fn outbox(bodies: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for body in bodies {
            outbox.add(said(body));
        }
        outbox
    }

    fn next(outbox: &mut Outbox) -> Option<String> {
        outbox.next_to_send().map(|item| item.body)
    }

    #[test]
    fn messages_leave_one_at_a_time_in_the_order_they_were_written() {
        let mut outbox = outbox(&["one", "two"]);
        let first = outbox.next_to_send().expect("one waits");
        assert_eq!(first.body, "one");
        assert_eq!(outbox.next_to_send(), None);
        outbox.sent(first.id, 1);
        assert_eq!(next(&mut outbox).as_deref(), Some("two"));
    }

    #[test]
    fn what_was_on_its_way_when_the_connection_went_is_sent_again_first() {
        let mut outbox = outbox(&["one", "two"]);
        outbox.next_to_send();
        outbox.connection_lost();
        assert_eq!(next(&mut outbox).as_deref(), Some("one"));
    }

    #[test]
    fn a_refused_message_stays_and_does_not_hold_up_the_next() {
        let mut outbox = outbox(&["one", "two"]);
        let first = outbox.next_to_send().expect("one waits");
        outbox.refused(first.id, "No.".into());
        assert_eq!(next(&mut outbox).as_deref(), Some("two"));
        assert_eq!(outbox.items().len(), 2);
        outbox.connection_lost();
        outbox.retry(first.id);
        assert_eq!(next(&mut outbox).as_deref(), Some("one"));
    }

    #[test]
    fn a_durable_message_stays_until_the_timeline_has_reached_it() {
        let mut outbox = outbox(&["one"]);
        let first = outbox.next_to_send().expect("one waits");
        outbox.sent(first.id, 7);
        assert!(!outbox.is_waiting());
        outbox.shown_up_to(6);
        assert_eq!(outbox.items().len(), 1);
        outbox.shown_up_to(7);
        assert!(outbox.items().is_empty());
    }

    #[test]
    fn restored_messages_take_their_old_places() {
        let (one, two, three) = (said("1"), said("2"), said("3"));
        let mut outbox = Outbox::default();
        for item in [&three, &one, &two, &one] {
            outbox.add(item.clone());
        }
        assert_eq!(outbox.items(), [one, two, three]);
    }

    #[test]
    fn an_edit_shows_at_once_and_leaves_only_when_its_message_has_a_seq() {
        let mut outbox = outbox(&["helo"]);
        let id = outbox.items()[0].id;
        outbox.add(edit(Of::Unsent(id), "hello"));
        assert_eq!(outbox.said()[0].body, "hello");
        let first = outbox.next_to_send().expect("one waits");
        assert_eq!(first.body, "helo", "what was said is sent as it was");
        outbox.refused(id, "No.".into());
        assert_eq!(outbox.next_to_send(), None);
        outbox.retry(id);
        outbox.next_to_send();
        assert_eq!(outbox.sent(id, 7).len(), 1);
        let then = outbox.next_to_send().expect("its edit follows");
        let of_seven = matches!(then.frame(1), Some(ClientFrame::Edit { of: 7, .. }));
        assert!(of_seven, "{then:?}");
    }

    #[test]
    fn what_is_taken_back_takes_its_edits_with_it() {
        let mut outbox = outbox(&["one", "two"]);
        let id = outbox.items()[0].id;
        outbox.add(edit(Of::Unsent(id), "eins"));
        assert_eq!(outbox.remove(id).len(), 2);
        assert_eq!(outbox.items().len(), 1);
    }

    #[test]
    fn what_is_stored_is_only_what_a_reload_needs() {
        let mut item = said("hi");
        item.sent = Some(3);
        let stored = serde_json::to_string(&item).expect("an unsent message is JSON");
        let restored: Unsent = serde_json::from_str(&stored).expect("what was stored can be read");
        assert_eq!(restored, Unsent { sent: None, ..item });
    }

    #[test]
    fn what_an_older_page_has_stored_is_still_said() {
        let id = Uuid::now_v7();
        let stored = format!(r#"{{"id":"{id}","body":"hi","at":5}}"#);
        let restored: Unsent = serde_json::from_str(&stored).expect("what was stored can be read");
        assert!(restored.is_said());
    }
}
