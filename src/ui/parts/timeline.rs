//! The conversation as it is read: rows of messages, older ones above as the reader scrolls, and the way back
//! to the newest.

use std::time::Duration;

use leptos::{ev::MouseEvent, html, prelude::*};
use web_sys::ScrollLogicalPosition::{Center, Start};

use super::{
    Icon, RoomDoor,
    body::copy_code,
    clock::Clock,
    hand::Hand,
    message_row::UnsentRow,
    place::{self, Place},
    row_dom::focus_row,
    rows::{firsts, rows},
};
use crate::domain::Seq;
use crate::ui::session::{Conversation, Fetching, Reading, Shown, Stretch, Window, told};

/// A reader this close to the newest message is at it.
const AT_END: i32 = 48;
/// Messages beyond an edge are fetched when the reader is this close to it.
const NEAR: i32 = 400;
/// Screen readers announce additions once history has settled for this long.
const SETTLE: Duration = Duration::from_millis(400);

/// The log "Messages".
#[component]
pub fn Timeline(conversation: Conversation, clock: RwSignal<Clock>) -> impl IntoView {
    let (log, list) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let in_sight = Memo::new(move |_| {
        conversation.session.navigator.shown() == Shown::Room(conversation.id())
    });
    let reader = Reader {
        conversation,
        log,
        list,
        in_sight,
        left_at: RwSignal::new(conversation.window.with_untracked(Window::head)),
        here: StoredValue::new(None),
        shifted: StoredValue::new(false),
        away: StoredValue::new(false),
    };
    reader.follow(clock);
    let hand = Hand::new(conversation, log);
    hand.go_live();
    let said = rows(conversation, clock);
    let unsent = move || {
        let items = conversation.outbox.read().said();
        let firsts = firsts(conversation, clock.get(), &items);
        items.into_iter().zip(firsts).collect::<Vec<_>>()
    };
    // Those above a message are told in its row.
    let came = Memo::new(move |_| {
        let window = conversation.window.read();
        let newest = window.messages().last().map_or(0, |said| said.seq);
        let newest = if window.is_live() { newest } else { Seq::MAX };
        told(window.happenings(newest, Seq::MAX))
    });
    let empty = Memo::new(move |_| {
        conversation.window.with(|window| window.head() == 0)
            && conversation.outbox.with(|outbox| outbox.said().is_empty())
    });
    let hushed = hush_history(conversation);
    view! {
        <div class="log-frame">
            <div
                class="log"
                role="log"
                aria-label="Messages"
                aria-live=move || if hushed.get() || !in_sight.get() { "off" } else { "polite" }
                tabindex="0"
                node_ref=log
                on:scroll=move |_| reader.look()
                on:pointerover=move |event| hand.pointed(&event)
                on:pointerdown=move |event| hand.comes_down(&event)
                on:pointerleave=move |event| hand.left(&event)
                on:focusin=move |event| hand.focused(&event)
                on:focusout=move |event| hand.blurred(&event)
                on:keydown=move |event| hand.key(&event)
                on:submit=move |event| hand.submitted(&event)
                on:click=move |event| {
                    copy_code(&event);
                    hand.pressed(&event);
                }
            >
                <div class="log-rows lane" class:silent=move || empty.get() node_ref=list>
                    <Older conversation />
                    {move || empty.get().then(|| view! { <Silence conversation /> })}
                    {said}
                    {move || {
                        came.with(|came| !came.is_empty()).then(|| view! { <div class="came">{came.get()}</div> })
                    }}
                    <For
                        each=unsent
                        key=|(item, first)| (item.id, *first, item.refused.is_some(), item.sent.is_some(), item.body.clone())
                        let((item, first))
                    >
                        <UnsentRow conversation item first clock />
                    </For>
                </div>
            </div>
            <ToUnread conversation />
            <ToNewest conversation left_at=reader.left_at.into() />
        </div>
    }
}

/// Keeps the reader's place while rows change, fetches what they come near to, and knows whether they are at the
/// newest message.
#[derive(Clone, Copy)]
struct Reader {
    conversation: Conversation,
    log: NodeRef<html::Div>,
    list: NodeRef<html::Div>,
    /// Whether the room is the one that is shown: what is hidden has no place on the screen.
    in_sight: Memo<bool>,
    /// The room's head when the reader left the newest message.
    left_at: RwSignal<u64>,
    here: StoredValue<Option<Place>>,
    /// Whether rows have changed since: the place that can be seen then is not the one the reader was at.
    shifted: StoredValue<bool>,
    /// Whether the room was hidden since.
    away: StoredValue<bool>,
}

impl Reader {
    fn follow(self, clock: RwSignal<Clock>) {
        on_cleanup(move || self.leave());
        let Conversation {
            window,
            outbox,
            reading,
            fetching,
            sought,
            ..
        } = self.conversation;
        Effect::new(move || {
            window.track();
            outbox.track();
            clock.track();
            reading.track();
            fetching.track();
            sought.track();
            self.shifted.set_value(true);
            if self.in_sight.get() {
                // After the rows have changed, and before anybody sees it.
                request_animation_frame(move || self.keep());
            } else {
                self.away.set_value(true);
            }
        });
    }

    /// Takes note of where the reader is, unless they are about to be brought elsewhere.
    fn look(self) {
        let gone = self.conversation.has_ended() || !self.in_sight.get_untracked();
        if gone || self.shifted.get_value() {
            return;
        }
        let (Some(log), Some(list)) = (self.log.get_untracked(), self.list.get_untracked()) else {
            return;
        };
        let Conversation {
            window, reading, ..
        } = self.conversation;
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
            self.left_at.set(window.with_untracked(Window::head));
            reading.set(is);
        }
        self.here.set_value(place::find(&log, &list));
        if !self.conversation.has_failed() {
            if distance.above < NEAR && older {
                self.conversation.load(Stretch::Older);
            } else if distance.below < NEAR && !live {
                self.conversation.load(Stretch::Newer);
            }
        }
    }

    /// The room is let go: whoever comes back to it wants to be where they were.
    fn leave(self) {
        let further_up = self.conversation.reading.get_untracked() == Reading::Earlier;
        if let Some(place) = self.here.get_value().filter(|_| further_up) {
            let Conversation { session, .. } = self.conversation;
            session
                .navigator
                .left_at(self.conversation.id(), place.seq());
        }
    }

    /// Has the reader where they were.
    fn keep(self) {
        if self.conversation.has_ended() || !self.in_sight.get_untracked() {
            return;
        }
        let (Some(log), Some(list)) = (self.log.get_untracked(), self.list.get_untracked()) else {
            return;
        };
        let back = self.away.try_update_value(std::mem::take) == Some(true);
        let sought = self.conversation.sought.get_untracked();
        if let Some(row) = sought.and_then(|seq| place::find_row(&list, seq)) {
            self.conversation.sought.set(None);
            let led_to = self.conversation.marked.get_untracked() == sought;
            // What it is about is wanted too, unless it is where the reader has been.
            place::show(
                &row,
                if led_to || sought == self.conversation.first_unread() {
                    Center
                } else {
                    Start
                },
            );
            if led_to {
                focus_row(&row);
            }
        } else if self.conversation.reading.get_untracked() == Reading::End {
            log.set_scroll_top(0);
        } else if let Some(mut place) = self.here.get_value() {
            if back {
                place.is_scrolled_as(&log);
            }
            place::restore(&log, &list, &place);
        }
        self.shifted.set_value(false);
        self.look();
    }
}

/// Whether history is being put into the log: nobody wants that read out.
fn hush_history(conversation: Conversation) -> RwSignal<bool> {
    let hushed = RwSignal::new(false);
    let loads = move || matches!(conversation.fetching.get(), Fetching::Loading(_));
    Effect::new(move || {
        if loads() {
            hushed.set(true);
        } else if hushed.get_untracked() {
            conversation.later(SETTLE, move || {
                if !untrack(loads) {
                    hushed.set(false);
                }
            });
        }
    });
    hushed
}

/// The way to the first unread message, where it is further up than what is loaded.
#[component]
fn ToUnread(conversation: Conversation) -> impl IntoView {
    let above = Memo::new(move |_| {
        let unread = conversation.unread.get();
        let (older, start) = conversation
            .window
            .with(|window| (window.has_older(), window.start()));
        (older && unread.read + 1 < start && unread.read < unread.head).then_some(unread)
    });
    move || {
        above.get().map(|unread| {
            let go = move |event: MouseEvent| {
                event.prevent_default();
                conversation.to_unread();
            };
            view! {
                <a class="to-unread" href=format!("?before={}", unread.read + 25) on:click=go>
                    {Icon::Chevron.view()}
                    {format!("First of {} new messages", unread.messages)}
                </a>
            }
        })
    }
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
            <div class="older">
                {failed
                    .then(|| {
                        view! { <span role="alert">"Older messages could not be loaded. "</span> }
                    })}
                <a href=format!("?before={start}") on:click=load>
                    {what}
                </a>
            </div>
        })
    }
}

/// In place of messages where there are none yet.
#[component]
fn Silence(conversation: Conversation) -> impl IntoView {
    let name = conversation.terms.with(|terms| terms.name.clone());
    view! {
        <div class="silence open">
            <RoomDoor name=&name />
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
        let href = conversation.address();
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
