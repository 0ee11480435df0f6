//! The conversation as it is read: rows of messages, older ones above as the reader scrolls, and the way back
//! to the newest.

use std::time::Duration;

use leptos::{ev::MouseEvent, html, prelude::*};

use super::{
    Icon,
    clock::Clock,
    message_row::{SaidRow, UnsentRow},
    place::{self, Place},
    rows::{Row, rows},
};
use crate::ui::{
    live::{Conversation, Reading, Stretch, Window},
    paths,
};

/// A reader this close to the newest message is at it.
const AT_END: i32 = 48;
/// Messages beyond an edge are fetched when the reader is this close to it.
const NEAR: i32 = 400;
/// Screen readers announce additions once history has settled for this long.
const SETTLE: Duration = Duration::from_millis(400);

/// The log "Messages". `edit` is given the text of a refused message whose author wants to change it.
#[component]
pub fn Timeline(
    conversation: Conversation,
    clock: Signal<Clock>,
    edit: WriteSignal<Option<String>>,
) -> impl IntoView {
    let (log, list) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let left_at = follow_reader(conversation, clock, log, list);
    let unread = conversation
        .room
        .with_value(|room| room.seen + 1..room.head + 1);
    let each = move || {
        let clock = clock.get();
        let (window, outbox) = (conversation.window.read(), conversation.outbox.read());
        conversation.me.with_value(|me| {
            rows(
                window.messages(),
                outbox.items(),
                me,
                unread.clone(),
                |at| clock.day(at),
            )
        })
    };
    let empty = Memo::new(move |_| {
        conversation.window.with(|window| window.head() == 0)
            && conversation.outbox.with(|outbox| outbox.items().is_empty())
    });
    let hushed = hush_history(conversation);
    view! {
        <div class="log-frame">
            <div
                class="log"
                role="log"
                aria-label="Messages"
                aria-live=move || if hushed.get() { "off" } else { "polite" }
                tabindex="0"
                node_ref=log
            >
                <div class="log-rows" node_ref=list>
                    <Older conversation />
                    {move || empty.get().then(|| view! { <Silence conversation /> })}
                    <For each=each key=Row::key let:row>
                        {match row {
                            Row::Day(day) => {
                                view! {
                                    <p class="day">
                                        <span>{move || clock.get().name_of_day(day)}</span>
                                    </p>
                                }
                                    .into_any()
                            }
                            Row::New => {
                                view! {
                                    <p class="new-line">
                                        <span>"New"</span>
                                    </p>
                                }
                                    .into_any()
                            }
                            Row::Said { message, first } => view! { <SaidRow message first clock /> }.into_any(),
                            Row::Unsent { item, first } => {
                                view! { <UnsentRow conversation item first clock edit /> }.into_any()
                            }
                        }}
                    </For>
                </div>
            </div>
            <ToNewest conversation left_at />
        </div>
    }
}

/// Keeps the reader's place while rows change, fetches what they come near to, and knows whether they are at
/// the newest message. Gives the room's head at the time they left it.
fn follow_reader(
    conversation: Conversation,
    clock: Signal<Clock>,
    log: NodeRef<html::Div>,
    list: NodeRef<html::Div>,
) -> Signal<u64> {
    let Conversation {
        window,
        outbox,
        reading,
        loading,
        failed,
        ..
    } = conversation;
    let left_at = RwSignal::new(window.with_untracked(Window::head));
    let here = StoredValue::new(None::<Place>);
    // Whether rows have changed since: the place that can be seen then is not the one the reader was at.
    let shifted = StoredValue::new(false);
    let look = move || {
        let (Some(log), Some(list)) = (
            log.try_get_untracked().flatten(),
            list.try_get_untracked().flatten(),
        ) else {
            return;
        };
        let distance = place::distance(&log);
        let (live, older) = window.with_untracked(|window| (window.is_live(), window.has_older()));
        let was = reading.get_untracked();
        // Messages that are on their way do not take the reader from the end.
        let at_end = distance.below < AT_END && (live || was == Reading::End);
        let is = if at_end {
            Reading::End
        } else {
            Reading::Earlier
        };
        if was != is {
            left_at.set(window.with_untracked(Window::head));
            reading.set(is);
        }
        if !shifted.get_value() {
            here.set_value(place::find(&log, &list));
        }
        if failed.get_untracked().is_none() {
            if distance.above < NEAR && older {
                conversation.load(Stretch::Older);
            } else if distance.below < NEAR && !live {
                conversation.load(Stretch::Newer);
            }
        }
    };
    let keep = move || {
        let (Some(log), Some(list)) = (
            log.try_get_untracked().flatten(),
            list.try_get_untracked().flatten(),
        ) else {
            return;
        };
        if reading.get_untracked() == Reading::End {
            log.set_scroll_top(0);
        } else if let Some(place) = here.get_value() {
            place::restore(&log, &list, &place);
        }
        shifted.set_value(false);
        look();
    };
    Effect::new(move || {
        window.track();
        outbox.track();
        clock.track();
        reading.track();
        loading.track();
        shifted.set_value(true);
        // After the rows have changed, and before anybody sees it.
        request_animation_frame(keep);
    });
    Effect::new(move || {
        if let Some(log) = log.get() {
            // Not through the view: scrolling should not wait for what listens to it.
            let scrolled = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(look);
            log.set_onscroll(Some(wasm_bindgen::JsCast::unchecked_ref(scrolled.as_ref())));
            let scrolled = StoredValue::new_local(scrolled);
            on_cleanup(move || {
                log.set_onscroll(None);
                scrolled.dispose();
            });
        }
    });
    left_at.into()
}

/// Whether history is being put into the log: nobody wants that read out.
fn hush_history(conversation: Conversation) -> RwSignal<bool> {
    let hushed = RwSignal::new(false);
    Effect::new(move || {
        if conversation.loading.get().is_some() {
            hushed.set(true);
        } else if hushed.get_untracked() {
            set_timeout(
                move || {
                    if conversation.loading.try_get_untracked() == Some(None) {
                        hushed.set(false);
                    }
                },
                SETTLE,
            );
        }
    });
    hushed
}

/// What is above the oldest row: the way further back, or why there is none just now.
#[component]
fn Older(conversation: Conversation) -> impl IntoView {
    let start = Memo::new(move |_| {
        conversation
            .window
            .with(|window| window.has_older().then(|| window.start()))
    });
    let load = move |event: MouseEvent| {
        event.prevent_default();
        conversation.load(Stretch::Older);
    };
    move || {
        let start = start.get()?;
        let failed = conversation.failed.get() == Some(Stretch::Older);
        let loading = conversation.loading.get() == Some(Stretch::Older);
        Some(view! {
            <p class="older">
                {failed
                    .then(|| {
                        view! { <span role="alert">"Older messages could not be loaded. "</span> }
                    })}
                <a href=format!("?before={start}") on:click=load>
                    {match (failed, loading) {
                        (_, true) => "Loading older messages…",
                        (true, false) => "Try again",
                        (false, false) => "Older messages",
                    }}
                </a>
            </p>
        })
    }
}

/// In place of messages where there are none yet.
#[component]
fn Silence(conversation: Conversation) -> impl IntoView {
    let name = conversation.room.with_value(|room| room.name.clone());
    view! {
        <div class="silence">
            {Icon::Key.view()}
            <p>
                "Nobody has said anything in " <b>{name}</b>
                " yet. Say the first word, or copy an invitation and hand over the key."
            </p>
        </div>
    }
}

/// The way to the newest message, for a reader who is further up.
#[component]
fn ToNewest(conversation: Conversation, left_at: Signal<u64>) -> impl IntoView {
    let href = conversation.me.with_value(|me| {
        conversation
            .room
            .with_value(|room| paths::room(me, &room.name))
    });
    let stuck = Memo::new(move |_| {
        matches!(
            conversation.failed.get(),
            Some(Stretch::Newer | Stretch::Newest)
        )
    });
    let away = Memo::new(move |_| conversation.reading.get() == Reading::Earlier || stuck.get());
    let fresh = Memo::new(move |_| {
        conversation
            .window
            .with(Window::head)
            .saturating_sub(left_at.get())
    });
    let go = move |event: MouseEvent| {
        event.prevent_default();
        conversation.to_newest();
    };
    move || {
        let href = href.clone();
        away.get().then(|| {
            view! {
                <a class="to-newest" href=href on:click=go>
                    {Icon::Chevron.view()}
                    {move || match (stuck.get(), fresh.get()) {
                        (true, _) => "Could not load. Try again".to_owned(),
                        (_, 0) => "Newest messages".to_owned(),
                        (_, 1) => "1 new message".to_owned(),
                        (_, count) => format!("{count} new messages"),
                    }}
                </a>
            }
        })
    }
}
