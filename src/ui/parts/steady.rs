//! A list that does not reorder under a pointer or the keyboard's place.

use leptos::{attr::Attribute, ev, prelude::*, tachys::html::event::on};

use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, Node};

use crate::ui::session::{Known, Rooms};

/// All rooms as a list is to show them, and what the list's element must be told of. While somebody points at the list
/// or is in it, rooms stay where they are: those that go go, and those that come come last.
pub fn steady(rooms: Rooms) -> (Memo<Vec<Known>>, impl Attribute) {
    let pointed = RwSignal::new(false);
    let focused = RwSignal::new(false);
    let order = Memo::new(move |before: Option<&Vec<Known>>| {
        let newest = rooms.all();
        match before.filter(|_| pointed.get() || focused.get()) {
            Some(before) => held(before, newest),
            None => newest,
        }
    });
    let hold = (
        on(ev::pointerenter, move |_| pointed.set(true)),
        on(ev::pointerleave, move |_| pointed.set(false)),
        on(ev::focusin, move |_| focused.set(true)),
        on(ev::focusout, move |event| focused.set(stays_within(&event))),
    );
    (order, hold)
}

/// Whether the keyboard's place goes from one thing in a list to another.
fn stays_within(event: &FocusEvent) -> bool {
    let within = || {
        let from = event.target()?.dyn_into::<Element>().ok()?;
        let to = event.related_target()?.dyn_into::<Node>().ok()?;
        Some(from.closest("ul").ok()??.contains(Some(&to)))
    };
    within().unwrap_or_default()
}

fn held(before: &[Known], mut newest: Vec<Known>) -> Vec<Known> {
    let place = |known: &Known| before.iter().position(|old| old.id == known.id);
    newest.sort_by_key(|known| place(known).unwrap_or(usize::MAX));
    newest
}
