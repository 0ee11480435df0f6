//! A sentence about what has just happened, shown wherever the person is by then.

use std::cell::RefCell;

use leptos::prelude::*;

thread_local! {
    /// Where the document shows it.
    static SHOWN: RefCell<Option<ArcRwSignal<Option<String>>>> = const { RefCell::new(None) };
}

/// Shows a sentence.
pub fn say(sentence: &str) {
    if let Some(shown) = SHOWN.with_borrow(Clone::clone) {
        shown.set(Some(sentence.to_owned()));
    }
}

/// Shows in `place` what is said from now on. Browser only.
pub fn show_in(place: ArcRwSignal<Option<String>>) {
    SHOWN.set(Some(place));
}
