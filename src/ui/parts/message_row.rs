//! One message as a row of the timeline: said, or still on its way.

use leptos::{either::Either, prelude::*};

use super::{
    Face,
    clock::{Clock, machine},
    composer::focus_composer,
    links::{Piece, pieces},
    rows::Above,
};
use crate::{
    domain::Millis,
    ui::session::{Conversation, Said, State, Unsent},
};

/// A message that the room has, with what is above it.
#[component]
pub fn SaidRow(
    said: Said,
    above: ArcRwSignal<Above>,
    me: StoredValue<String>,
    /// Whether it came while the reader was there.
    fresh: bool,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let (above, message) = (RwSignal::from(above), said.message);
    let (by, at) = {
        let message = message.read_untracked();
        (message.by.clone(), message.at)
    };
    let mine = me.with_value(|me| *me == by);
    let first = move || above.read().first;
    let lines = move || {
        let Above { day, new, .. } = above.get();
        let day = day.map(|day| {
            view! {
                <p class="day">
                    <span>{clock.get().name_of_day(day)}</span>
                </p>
            }
        });
        let new = new.then(|| {
            view! {
                <p class="new-line">
                    <span>"New"</span>
                </p>
            }
        });
        (day, new)
    };
    view! {
        {lines}
        <div class="said" class:first=first class:mine=mine class:fresh=fresh data-seq=said.seq.to_string()>
            <Face name=&by />
            <div class="who">
                <b class:hush=move || !first() dir="auto">
                    {by}
                </b>
                <Time at clock />
            </div>
            <p class="body" dir="auto">
                {move || text(&message.read().body)}
            </p>
        </div>
    }
}

/// A message of *me*'s that the room does not have yet, or did not want.
#[component]
pub fn UnsentRow(
    conversation: Conversation,
    item: Unsent,
    first: bool,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let me = conversation.session.me.get_value();
    let (id, at, sent) = (item.id, item.at, item.sent.is_some());
    let (refused, why) = (item.refused.is_some(), item.refused);
    let pending = !sent && !refused;
    let state = move || match (refused, conversation.session.link.get()) {
        (true, _) => "Not sent",
        (false, State::Open) => "Sending",
        (false, _) => "Waiting",
    };
    let change = move |_| {
        if let Some(text) = conversation.discard(id) {
            conversation.taken_back.set(Some(text));
        }
    };
    let discard = move |_| {
        conversation.discard(id);
        // The button goes with its row.
        focus_composer(conversation);
    };
    view! {
        <div class="said mine" class:first=first class:pending=pending class:refused=refused>
            <Face name=&me />
            <div class="who">
                <b class:hush=!first dir="auto">
                    {me}
                </b>
                {if sent {
                    Either::Left(view! { <Time at clock /> })
                } else {
                    Either::Right(view! { <span class="state">{state}</span> })
                }}
            </div>
            <p class="body" dir="auto">
                {text(&item.body)}
            </p>
            {why
                .map(|why| {
                    view! {
                        <div class="amends">
                            <p class="error" role="alert">
                                {why}
                            </p>
                            <button type="button" class="quiet" on:click=move |_| conversation.retry(id)>
                                "Try again"
                            </button>
                            <button type="button" class="quiet" on:click=change>
                                "Edit"
                            </button>
                            <button type="button" class="quiet" on:click=discard>
                                "Discard"
                            </button>
                        </div>
                    }
                })}
        </div>
    }
}

#[component]
fn Time(at: Millis, clock: RwSignal<Clock>) -> impl IntoView {
    move || {
        let clock = clock.get();
        view! {
            <time datetime=machine(at) title=clock.full(at)>
                {clock.time(at)}
            </time>
        }
    }
}

/// A message's text: what can be followed as links, and everything else as it is.
fn text(body: &str) -> impl IntoView + use<> {
    pieces(body)
        .map(|piece| match piece {
            Piece::Text(text) => Either::Left(text.to_owned()),
            Piece::Link { text, href } => Either::Right(view! {
                <a href=href target="_blank" rel="noopener noreferrer">
                    {text.to_owned()}
                </a>
            }),
        })
        .collect_view()
}
