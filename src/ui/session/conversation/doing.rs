//! What *me* does to messages: answers, edits, deletes, reacts.

use leptos::prelude::*;
use uuid::Uuid;

use super::Conversation;
use crate::{
    domain::{Deed, Flash, Message, Quote, Seq},
    ui::{
        aim::{Aim, Wish},
        session::{Act, Of, Reading},
    },
};

/// What is about to be done to a message, and takes more than a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    React,
    Edit,
}

impl Conversation {
    /// Whether *me* may write here. Tracked.
    pub fn may_post(self) -> bool {
        let posting = self.terms.with(|terms| terms.posting);
        self.may(Deed::Post { posting })
    }

    /// Whether *me* may do something. Tracked.
    pub fn may(self, deed: Deed) -> bool {
        self.terms.with(|terms| terms.role.may(deed))
    }

    /// Whether *me* may give a message other words.
    fn may_edit(self, message: &Message) -> bool {
        let own = self.session.me.with_value(|me| *me == message.by);
        !message.deleted && untrack(|| self.may(Deed::Edit { own }))
    }

    /// Why a plain form did nothing to a message, to be said in its row. Where the message is being edited that is said
    /// there. Tracked.
    pub fn refusal_of(self, seq: Seq) -> Option<String> {
        let flash = self
            .refused
            .get()
            .filter(|flash| flash.message() == Some(seq))?;
        let in_editor =
            flash.form == "edit_message" && self.doing.get() == Some((seq, Doing::Edit));
        (!in_editor).then_some(flash.error.message)
    }

    /// The same of what has no row here, nor any other place. Tracked.
    pub fn refusal_elsewhere(self) -> Option<String> {
        let flash = self.refused.get()?;
        let has_place = match (&*flash.form, flash.message()) {
            ("post_message", _) => self.may_post(),
            ("leave_room", _) => true,
            (_, Some(seq)) => self.window.with(|window| window.said(seq).is_some()),
            (_, None) => false,
        };
        (!has_place).then_some(flash.error.message)
    }

    /// What was refused as new words for a message, and is to be edited on. It is told this once.
    pub fn take_refused_edit(self, seq: Seq) -> Option<Flash> {
        let is_it =
            |flash: &mut Flash| flash.form == "edit_message" && flash.message() == Some(seq);
        self.refused
            .try_maybe_update(|refused| {
                let taken = refused.take_if(is_it);
                (taken.is_some(), taken)
            })
            .flatten()
    }

    /// Starts from a message, and what is wished for it.
    pub fn take_aim(self, Aim { seq, wish }: Aim) {
        self.marked.set(Some(seq));
        self.sought.set(Some(seq));
        self.reading.set(Reading::Earlier);
        let Some(message) = self.window.with_untracked(|window| window.message(seq)) else {
            return;
        };
        match wish {
            Wish::See => {}
            Wish::Act => self.at_hand.set(Some(seq)),
            Wish::Reply => self.answer(&message),
            Wish::Edit if self.may_edit(&message) => self.doing.set(Some((seq, Doing::Edit))),
            Wish::React => {
                self.at_hand.set(Some(seq));
                self.doing.set(Some((seq, Doing::React)));
            }
            Wish::Edit => {}
        }
    }

    /// Has what is said next answer a message.
    pub fn answer(self, message: &Message) {
        let Message { seq, by, body, .. } = message;
        self.doing.set(None);
        self.answering.set(Some(Quote::new(*seq, by.clone(), body)));
    }

    /// What was at hand or under way on messages outside of this stretch is let go of: their rows are gone.
    pub fn let_go_beyond(self, start: Seq, end: Seq) {
        let gone = |seq: Seq| !(start..=end).contains(&seq);
        self.at_hand
            .maybe_update(|at_hand| at_hand.take_if(|seq| gone(*seq)).is_some());
        self.doing
            .maybe_update(|doing| doing.take_if(|(seq, _)| gone(*seq)).is_some());
    }

    pub fn edit(self, of: Of, body: String) {
        self.put(Act::Edit { of }, body);
    }

    pub fn erase(self, seq: Seq) {
        let of = Of::Seq(seq);
        self.put(Act::Delete { of }, String::new());
    }

    /// Gives a message a reaction, or takes it back.
    pub fn react(self, seq: Seq, emoji: String, on: bool) {
        let of = Of::Seq(seq);
        self.put(Act::React { of, on }, emoji);
    }

    fn put(self, act: Act, body: String) {
        self.refused
            .maybe_update(|refused| refused.take().is_some());
        let outboxes = self.session.outboxes;
        outboxes.put(self.id(), act, body, self.session);
    }

    /// Takes back a message that the room does not have, for its author to change it.
    pub fn take_back(self, id: Uuid) {
        let act = self
            .outbox
            .with_untracked(|outbox| outbox.get(id).map(|item| item.act.clone()));
        if let Some(text) = self.discard(id) {
            self.taken_back.set(Some(text));
        }
        if let Some(Act::Say { re: Some(quote) }) = act {
            self.answering.set(Some(quote));
        }
    }

    /// Takes back the last of *me*'s messages that waits for the connection or was refused. Says whether one does.
    pub fn take_back_last(self) -> bool {
        let offline = !self.session.is_open();
        let last = self.outbox.with_untracked(|outbox| {
            let last = outbox.items().iter().rfind(|item| item.is_said())?;
            let waits = last.refused.is_some() || offline && last.sent.is_none();
            waits.then_some(last.id)
        });
        last.inspect(|id| self.take_back(*id)).is_some()
    }

    /// *me*'s last message here that can be edited.
    pub fn last_of_mine(self) -> Option<Message> {
        let me = self.session.me.get_value();
        self.window.with_untracked(|window| {
            let mut newest_first = window.messages().iter().rev();
            newest_first.find_map(|said| {
                let message = said.message.read_untracked();
                (message.by == me && !message.deleted).then(|| message.clone())
            })
        })
    }
}
