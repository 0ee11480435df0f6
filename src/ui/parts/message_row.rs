//! One message as a row of the timeline: said, or still on its way.

use std::sync::Arc;

use leptos::{either::Either, prelude::*};

use super::{
    clock::{Clock, machine},
    composer::focus_composer,
    links::{Piece, pieces},
};
use crate::{
    domain::{Message, Millis},
    ui::live::{Conversation, State, Unsent},
};

/// A message that the room has.
#[component]
pub fn SaidRow(message: Arc<Message>, first: bool, clock: RwSignal<Clock>) -> impl IntoView {
    view! {
        <div class="row-said" class:first=first data-seq=message.seq.to_string()>
            <Author name=message.by.clone() first />
            <Time at=message.at clock />
            <p class="body" dir="auto">
                <Text body=&message.body />
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
    let (id, at, sent) = (item.id, item.at, item.sent.is_some());
    let (refused, why) = (item.refused.is_some(), item.refused);
    let pending = !sent && !refused;
    let state = move || match (refused, conversation.link.get()) {
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
        focus_composer();
    };
    view! {
        <div class="row-said" class:first=first class:pending=pending class:refused=refused>
            <Author name=conversation.me.get_value() first />
            {if sent {
                Either::Left(view! { <Time at clock /> })
            } else {
                Either::Right(view! { <span class="state">{state}</span> })
            }}
            <p class="body" dir="auto">
                <Text body=&item.body />
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

/// Whose it is. Within a run only for those who do not see the run.
#[component]
fn Author(name: String, first: bool) -> impl IntoView {
    view! {
        <b class=if first { "by" } else { "by hush" } dir="auto">
            {name}
        </b>
    }
}

#[component]
fn Time(at: Millis, clock: RwSignal<Clock>) -> impl IntoView {
    view! {
        <time datetime=machine(at) title=move || clock.get().full(at)>
            {move || clock.get().time(at)}
        </time>
    }
}

/// A message's text: what can be followed as links, and everything else as it is.
#[component]
fn Text<'a>(body: &'a str) -> impl IntoView + use<> {
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
