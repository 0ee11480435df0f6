//! What was said last in a room, and when, as lists of rooms tell it.

use leptos::{either::Either, prelude::*};

use super::clock::{Clock, machine};
use crate::domain::RoomSummary;

/// Characters of a last message that are worth having in a page: its row shows one line.
const EXCERPT_CHARS: usize = 120;

/// Who said what, in one line that is cut where it does not fit.
#[component]
pub fn LastWords(summary: RwSignal<RoomSummary>) -> impl IntoView {
    let words = move || match &summary.read().last {
        None => Either::Left("Nothing said yet."),
        Some(last) => {
            let body: String = last.body.chars().take(EXCERPT_CHARS).collect();
            Either::Right(view! {
                <b>{last.by.clone()}</b>
                " "
                {body}
            })
        }
    };
    view! {
        <p class="last clip" dir="auto">
            {words}
        </p>
    }
}

/// When it was said.
#[component]
pub fn When(summary: RwSignal<RoomSummary>, clock: RwSignal<Clock>) -> impl IntoView {
    move || {
        let at = summary.read().last.as_ref()?.at;
        let clock = clock.get();
        Some(view! {
            <time class="when" datetime=machine(at) title=clock.full(at)>
                {clock.brief(at)}
            </time>
        })
    }
}
