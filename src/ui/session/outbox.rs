//! Messages of *me*'s that are not durable yet: what is on its way, what waits, what was refused.
//!
//! One message is on its way at a time and the next follows when it is durable, so a room gets them in the
//! order they were written whatever becomes of the connection. Repeating one is safe: its id is its own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Millis, Seq};

/// A message that is not on record yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// UUIDv7: ids sort in the order of writing.
    pub id: Uuid,
    pub body: String,
    /// When it was written, by this browser's clock.
    pub at: Millis,
    /// Why the server would not have it. It then waits for its author, not for the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Its seq, once durable: it stays here only until it arrives in its room's order.
    #[serde(skip)]
    pub sent: Option<Seq>,
}

impl Unsent {
    pub fn new(body: String, at: Millis) -> Self {
        Self {
            id: Uuid::now_v7(),
            body,
            at,
            refused: None,
            sent: None,
        }
    }

    fn waits(&self) -> bool {
        self.refused.is_none() && self.sent.is_none()
    }
}

/// The messages of one room that wait, in the order they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    items: Vec<Unsent>,
    under_way: Option<Uuid>,
}

impl Outbox {
    pub fn items(&self) -> &[Unsent] {
        &self.items
    }

    pub fn holds(&self, id: Uuid) -> bool {
        self.items.iter().any(|item| item.id == id)
    }

    /// Adds a message, or leaves the one with its id as it is.
    pub fn add(&mut self, item: Unsent) {
        if let Err(place) = self.items.binary_search_by_key(&item.id, |known| known.id) {
            self.items.insert(place, item);
        }
    }

    /// The message to send now, if it is time for one. It is on its way from here on.
    pub fn next_to_send(&mut self) -> Option<Unsent> {
        if self.under_way.is_some() {
            return None;
        }
        let next = self.items.iter().find(|item| item.waits())?.clone();
        self.under_way = Some(next.id);
        Some(next)
    }

    /// Whether this message is on its way.
    pub fn is_under_way(&self, id: Uuid) -> bool {
        self.under_way == Some(id)
    }

    /// What was on its way may not have arrived: it is sent again.
    pub fn connection_lost(&mut self) {
        self.under_way = None;
    }

    /// It is durable. Gives it back.
    pub fn sent(&mut self, id: Uuid, seq: Seq) -> Option<Unsent> {
        self.landed(id);
        let item = self.items.iter_mut().find(|item| item.id == id)?;
        item.sent = Some(seq);
        item.refused = None;
        Some(item.clone())
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

    /// It is in the timeline, or its author has taken it back.
    pub fn remove(&mut self, id: Uuid) -> Option<Unsent> {
        self.landed(id);
        let place = self.items.iter().position(|item| item.id == id)?;
        Some(self.items.remove(place))
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

    fn outbox(bodies: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for body in bodies {
            outbox.add(Unsent::new((*body).into(), 0));
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
        let (one, two, three) = (
            Unsent::new("1".into(), 0),
            Unsent::new("2".into(), 0),
            Unsent::new("3".into(), 0),
        );
        let mut outbox = Outbox::default();
        for item in [&three, &one, &two, &one] {
            outbox.add(item.clone());
        }
        assert_eq!(outbox.items(), [one, two, three]);
    }

    #[test]
    fn what_is_stored_is_only_what_a_reload_needs() {
        let mut item = Unsent::new("hi".into(), 5);
        item.sent = Some(3);
        let stored = serde_json::to_string(&item).expect("an unsent message is JSON");
        let restored: Unsent = serde_json::from_str(&stored).expect("what was stored can be read");
        assert_eq!(restored, Unsent { sent: None, ..item });
    }
}
