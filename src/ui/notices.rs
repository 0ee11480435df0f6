//! A sentence about what has just happened, shown wherever the person is by then; and what is announced to everybody.

use std::cell::RefCell;

use leptos::prelude::*;

thread_local! {
    /// Where the document shows it.
    static SHOWN: RefCell<Option<Place>> = const { RefCell::new(None) };
    static ANNOUNCED: RefCell<Option<Place>> = const { RefCell::new(None) };
}

type Place = ArcRwSignal<Option<String>>;

/// Shows a sentence.
pub fn say(sentence: &str) {
    if let Some(shown) = SHOWN.with_borrow(Clone::clone) {
        shown.set(Some(sentence.to_owned()));
    }
}

/// Shows what is announced to everybody now, where something is.
pub fn announce(text: Option<String>) {
    if let Some(shown) = ANNOUNCED.with_borrow(Clone::clone)
        && *shown.read_untracked() != text
    {
        shown.set(text);
    }
}

/// Shows in `said` what is said from now on, and in `announced` what is announced. Browser only.
pub fn show_in(said: Place, announced: Place) {
    SHOWN.set(Some(said));
    ANNOUNCED.set(Some(announced));
}
