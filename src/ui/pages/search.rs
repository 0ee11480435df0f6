//! Searching all of *me*'s rooms: a box, and what was found, newest first.

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};

use crate::{
    api::SearchMessages,
    domain::{Found, Hit},
    ui::{
        browser,
        parts::{Clock, Face, FormError, Icon, Marked, machine},
        paths,
        session::{Session, Shown, ask},
    },
};

/// What was asked for, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Search {
    pub words: String,
    /// `None` where nothing has been asked for.
    pub found: Option<Found>,
    /// Why it was refused, where it was.
    pub refusal: Option<String>,
}

#[component]
pub fn SearchPage(session: Session, search: Search, clock: RwSignal<Clock>) -> impl IntoView {
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Search);
    let me = session.me.get_value();
    let typed = search.words.clone();
    let search = RwSignal::new(search);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let look = move |words: String, before: Option<String>| {
        busy.set(true);
        spawn_local(async move {
            let me = session.me.get_value();
            let mut arguments = vec![("me", &*me), ("words", &*words)];
            arguments.extend(before.as_deref().map(|before| ("before", before)));
            let answer = ask::<SearchMessages>(&arguments).await;
            // The page may be gone, or something else have been asked for.
            let current = search.try_with_untracked(|search| search.words == words);
            if current != Some(true) {
                return;
            }
            busy.set(false);
            search.update(|search| match answer {
                Ok(found) => {
                    search.refusal = None;
                    match search.found.as_mut().filter(|_| before.is_some()) {
                        Some(known) => {
                            known.hits.extend(found.hits);
                            known.next = found.next;
                        }
                        None => search.found = Some(found),
                    }
                }
                Err(error) => {
                    search.refusal = Some(error.message);
                    search.found = search.found.take().filter(|_| before.is_some());
                }
            });
        });
    };
    let wanted = move |words: String| {
        browser::replace_path(&session.me.with_value(|me| paths::search(me, &words)));
        search.set(Search {
            words: words.clone(),
            ..Search::default()
        });
        look(words, None);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            wanted(input.value());
        }
    };
    // Whoever comes here by a link or a step back brings words along.
    Effect::new(move || {
        let arrived = session.navigator.arrivals();
        if arrived > 0 && here.get_untracked() {
            let Some(input) = input.get_untracked() else {
                return;
            };
            let words = session.navigator.words();
            if !words.is_empty() && search.with_untracked(|search| search.words != words) {
                input.set_value(&words);
                untrack(|| wanted(words));
            }
            browser::focus_in_place(&input);
        }
    });
    let count = move || {
        let search = search.read();
        match search.found.as_ref().map(|found| found.hits.len()) {
            _ if busy.get() => "Searching…".to_owned(),
            None => String::new(),
            Some(0) => {
                "Nothing found. Words are found whole; a * at the end finds what begins like that."
                    .to_owned()
            }
            Some(1) => "1 message".to_owned(),
            Some(count) => {
                let more = search
                    .found
                    .as_ref()
                    .is_some_and(|found| found.next.is_some());
                format!(
                    "{count} messages{}",
                    if more {
                        ", and there are older ones"
                    } else {
                        ""
                    }
                )
            }
        }
    };
    let hits = move || {
        search
            .read()
            .found
            .as_ref()
            .map_or_else(Vec::new, |found| found.hits.clone())
    };
    let next = move || {
        search
            .read()
            .found
            .as_ref()
            .and_then(|found| found.next.clone())
    };
    view! {
        <main
            id=move || here.get().then_some("main")
            class="page search"
            tabindex="-1"
            hidden=move || !here.get()
            inert=move || !here.get()
        >
            <h1>"Search"</h1>
            <form role="search" method="get" action=paths::search(&me, "") on:submit=submit>
                <input
                    type="search"
                    name="words"
                    aria-label="Search"
                    placeholder="Words, \"a phrase\", begin*"
                    value=typed
                    autocomplete="off"
                    node_ref=input
                />
                <button type="submit">"Search"</button>
            </form>
            {move || view! { <FormError error=search.read().refusal.clone() /> }}
            <p class="hint" role="status">
                {count}
            </p>
            <ul class="hits" aria-label="Results" hidden=move || hits().is_empty()>
                <For each=hits key=|hit| (hit.room, hit.message.seq) let:hit>
                    <Row session hit words=search.with_untracked(|search| search.words.clone()) clock />
                </For>
            </ul>
            {move || {
                next()
                    .map(|cursor| {
                        let words = search.with_untracked(|search| search.words.clone());
                        let href = session.me.with_value(|me| paths::search_before(me, &words, &cursor));
                        view! {
                            <p class="older">
                                <a
                                    href=href
                                    on:click=move |event| {
                                        event.prevent_default();
                                        look(words.clone(), Some(cursor.clone()));
                                    }
                                >
                                    "Older results"
                                </a>
                            </p>
                        }
                    })
            }}
        </main>
    }
}

#[component]
fn Row(session: Session, hit: Hit, words: String, clock: RwSignal<Clock>) -> impl IntoView {
    let Hit { name, message, .. } = hit;
    let href = session
        .me
        .with_value(|me| paths::message(me, &name, message.seq));
    let at = message.at;
    view! {
        <li>
            <a class="hit" href=href>
                <Face name=&message.by />
                <span class="who">
                    <b dir="auto">{message.by.clone()}</b>
                    {Icon::Chevron.view()}
                    <span dir="auto">{name}</span>
                    {move || {
                        let clock = clock.get();
                        view! {
                            <time datetime=machine(at) title=clock.full(at)>
                                {clock.brief(at)}
                            </time>
                        }
                    }}
                </span>
                <span class="body" dir="auto">
                    <Marked body=message.body words />
                </span>
            </a>
        </li>
    }
}
