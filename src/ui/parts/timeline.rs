//! The conversation as it is read: rows of messages, older ones above as the reader scrolls, and the way back
//! to the newest.

use std::time::Duration;

use leptos::{either::EitherOf4, ev::MouseEvent, html, prelude::*};

use super::{
    Icon,
    clock::{Clock, use_clock},
    message_row::{SaidRow, UnsentRow},
    place::{self, Place},
    rows::{Row, rows},
};
use crate::ui::{
    live::{Conversation, Fetching, Reading, Stretch, Window},
    paths,
};

/// A reader this close to the newest message is at it.
const AT_END: i32 = 48;
/// Messages beyond an edge are fetched when the reader is this close to it.
const NEAR: i32 = 400;
/// Screen readers announce additions once history has settled for this long.
const SETTLE: Duration = Duration::from_millis(400);

/// The log "Messages". `clock` is as the server's.
#[island]
pub fn Timeline(clock: Clock) -> impl IntoView {
    let conversation = expect_context::<Conversation>();
    let clock = use_clock(clock);
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
                                EitherOf4::A(
                                    view! {
                                        <p class="day">
                                            <span>{move || clock.get().name_of_day(day)}</span>
                                        </p>
                                    },
                                )
                            }
                            Row::New => {
                                EitherOf4::B(
                                    view! {
                                        <p class="new-line">
                                            <span>"New"</span>
                                        </p>
                                    },
                                )
                            }
                            Row::Said { message, first } => EitherOf4::C(view! { <SaidRow message first clock /> }),
                            Row::Unsent { item, first } => {
                                EitherOf4::D(view! { <UnsentRow conversation item first clock /> })
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
    clock: RwSignal<Clock>,
    log: NodeRef<html::Div>,
    list: NodeRef<html::Div>,
) -> Signal<u64> {
    let Conversation {
        window,
        outbox,
        reading,
        fetching,
        ..
    } = conversation;
    let left_at = RwSignal::new(window.with_untracked(Window::head));
    let here = StoredValue::new(None::<Place>);
    // Whether rows have changed since: the place that can be seen then is not the one the reader was at.
    let shifted = StoredValue::new(false);
    let look = move || {
        let (Some(log), Some(list)) = (log.get_untracked(), list.get_untracked()) else {
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
        if !conversation.has_failed() {
            if distance.above < NEAR && older {
                conversation.load(Stretch::Older);
            } else if distance.below < NEAR && !live {
                conversation.load(Stretch::Newer);
            }
        }
    };
    let keep = move || {
        let (Some(log), Some(list)) = (log.get_untracked(), list.get_untracked()) else {
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
        fetching.track();
        shifted.set_value(true);
        // After the rows have changed, and before anybody sees it.
        request_animation_frame(keep);
    });
    Effect::new(move || {
        if let Some(log) = log.get() {
            // Not through the view: scrolling should not wait for what listens to it.
            let scrolled = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(look);
            log.set_onscroll(Some(wasm_bindgen::JsCast::unchecked_ref(scrolled.as_ref())));
            // The log is there for as long as the page.
            scrolled.forget();
        }
    });
    left_at.into()
}

/// Whether history is being put into the log: nobody wants that read out.
fn hush_history(conversation: Conversation) -> RwSignal<bool> {
    let hushed = RwSignal::new(false);
    Effect::new(move || {
        if matches!(conversation.fetching.get(), Fetching::Loading(_)) {
            hushed.set(true);
        } else if hushed.get_untracked() {
            set_timeout(
                move || {
                    if !matches!(conversation.fetching.get_untracked(), Fetching::Loading(_)) {
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
        let fetching = conversation.fetching.get();
        let failed = fetching == Fetching::Failed(Stretch::Older);
        let what = match fetching {
            Fetching::Loading(Stretch::Older) => "Loading older messages…",
            Fetching::Failed(Stretch::Older) => "Try again",
            _ => "Older messages",
        };
        Some(view! {
            <p class="older">
                {failed
                    .then(|| {
                        view! { <span role="alert">"Older messages could not be loaded. "</span> }
                    })}
                <a href=format!("?before={start}") on:click=load>
                    {what}
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
            conversation.fetching.get(),
            Fetching::Failed(Stretch::Newer | Stretch::Newest)
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
