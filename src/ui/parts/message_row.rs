//! One message as a row of the timeline: said, or still on its way.

use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};

use super::{
    Face,
    actions::Actions,
    body,
    clock::{Clock, machine},
    composer::focus_composer,
    editor::Editor,
    quote::{Answered, anchor},
    reactions::Reactions,
    rows::Above,
};
use crate::{
    domain::{Message, Millis, Seq},
    ui::session::{Act, Conversation, Doing, Of, Said, State, Unsent},
};

/// A message that the room has, with what is above it.
#[component]
pub fn SaidRow(
    conversation: Conversation,
    said: Said,
    above: ArcRwSignal<Above>,
    /// Whether it came while the reader was there.
    fresh: bool,
    /// The row by which the keyboard comes, once the page is alive.
    stop: Memo<Option<Seq>>,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let seq = said.seq;
    let (above, message) = (RwSignal::from(above), said.message);
    let me = conversation.session.me;
    let (by, at) = {
        let message = message.read_untracked();
        (message.by.clone(), message.at)
    };
    let mine = me.with_value(|me| *me == by);
    // What *me* has done to it and is not on record yet.
    let upon = Memo::new(move |_| {
        let outbox = conversation.outbox.read();
        outbox.upon(Of::Seq(seq)).cloned().collect::<Vec<_>>()
    });
    let message = Memo::new(move |_| {
        let mut message = message.get();
        me.with_value(|me| {
            upon.read()
                .iter()
                .for_each(|item| item.foretell(&mut message, me))
        });
        message
    });
    let first = move || above.read().first;
    let lines = move || {
        let Above { came, day, new, .. } = above.get();
        let came = (!came.is_empty()).then(|| view! { <p class="came">{came}</p> });
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
        (came, day, new)
    };
    let named =
        Memo::new(move |_| !mine && me.with_value(|me| body::names(&message.read().body, me)));
    let name = {
        let by = by.clone();
        move || format!("{by}, {}", clock.get().time(at))
    };
    let is_marked = Memo::new(move |_| conversation.marked.get() == Some(seq));
    let is_stop = Signal::derive(move || stop.get().is_none_or(|stop| stop == seq));
    view! {
        {lines}
        <article
            class="said"
            class:first=first
            class:mine=mine
            class:fresh=fresh
            class:names-me=named
            class:marked=is_marked
            class:pending=move || upon.read().iter().any(|item| item.refused.is_none() && item.sent.is_none())
            aria-label=name
            tabindex="-1"
            id=move || is_marked.get().then(|| anchor(conversation))
            data-seq=seq.to_string()
        >
            <Face name=&by />
            <div class="who">
                <b class:hush=move || !first() dir="auto">
                    {by.clone()}
                </b>
                <Time at clock />
            </div>
            <Quoted conversation message />
            <Words conversation message seq />
            <Reactions conversation message />
            <Amends conversation upon />
            <Actions conversation message is_stop />
        </article>
    }
}

/// What it answers, where it answers something.
#[component]
fn Quoted(conversation: Conversation, message: Memo<Message>) -> impl IntoView {
    let quote = Memo::new(move |_| message.read().re.clone());
    move || {
        quote
            .get()
            .map(|quote| view! { <Answered conversation quote /> })
    }
}

/// What it says, or the box to change that in, or that it is gone.
#[component]
fn Words(conversation: Conversation, message: Memo<Message>, seq: Seq) -> impl IntoView {
    let editing = Memo::new(move |_| conversation.doing.get() == Some((seq, Doing::Edit)));
    let says = Memo::new(move |_| {
        let message = message.read();
        (!message.deleted).then(|| (message.body.clone(), message.edited.is_some()))
    });
    move || match (says.get(), editing.get()) {
        (None, _) => EitherOf3::A(view! { <p class="body gone">"This message was deleted."</p> }),
        (Some((body, _)), true) => EitherOf3::B(view! { <Editor conversation seq body /> }),
        (Some((body, edited)), false) => {
            let html = conversation
                .session
                .me
                .with_value(|me| body::html(&body, me, &body::names_in(conversation)));
            EitherOf3::C(view! {
                <div class="body" dir="auto" inner_html=html></div>
                {edited.then(|| view! { <span class="edited">"edited"</span> })}
            })
        }
    }
}

/// What *me* wanted to do to it, and was refused.
#[component]
fn Amends(conversation: Conversation, upon: Memo<Vec<Unsent>>) -> impl IntoView {
    let refused = move || {
        let upon = upon.read();
        let refused = upon
            .iter()
            .filter_map(|item| Some((item.id, item.refused.clone()?)));
        refused.collect::<Vec<_>>()
    };
    view! {
        <For each=refused key=Clone::clone let((id, why))>
            <div class="amends">
                <p class="error" role="alert">
                    {why}
                </p>
                <button type="button" class="quiet" on:click=move |_| conversation.retry(id)>
                    "Try again"
                </button>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| {
                        conversation.discard(id);
                        focus_composer(conversation);
                    }
                >
                    "Discard"
                </button>
            </div>
        </For>
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
    let author = conversation.session.me.get_value();
    let (id, at, sent) = (item.id, item.at, item.sent.is_some());
    let (refused, why) = (item.refused.is_some(), item.refused);
    let pending = !sent && !refused;
    let state = move || match (refused, conversation.session.link.get()) {
        (true, _) => "Not sent",
        (false, State::Open) => "Sending",
        (false, _) => "Waiting",
    };
    let html = body::html(&item.body, &author, &body::names_in(conversation));
    let re = match item.act {
        Act::Say { re } => re,
        _ => None,
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
        <article
            class="said mine"
            class:first=first
            class:pending=pending
            class:refused=refused
            aria-label=author.clone()
        >
            <Face name=&author />
            <div class="who">
                <b class:hush=!first dir="auto">
                    {author.clone()}
                </b>
                {if sent {
                    Either::Left(view! { <Time at clock /> })
                } else {
                    Either::Right(view! { <span class="state">{state}</span> })
                }}
            </div>
            {re.map(|quote| view! { <Answered conversation quote /> })}
            <div class="body" dir="auto" inner_html=html></div>
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
        </article>
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
