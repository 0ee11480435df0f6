//! Searching all of *me*'s rooms: a box, and what was found, newest first.

use leptos::prelude::*;

use crate::{
    domain::{Found, Hit},
    ui::{
        parts::{Clock, Face, FormError, Icon, Marked, Reader, machine},
        paths,
    },
};

/// What was asked for, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub words: String,
    /// Whether there are newer hits than these.
    pub later: bool,
    /// `None` where nothing has been asked for.
    pub found: Option<Found>,
    /// Why it was refused, where it was.
    pub refusal: Option<String>,
}

impl Search {
    pub fn title(&self) -> String {
        match self.words.trim() {
            "" => "Search".to_owned(),
            words => format!("{words} · Search"),
        }
    }

    fn count(&self) -> Option<String> {
        let found = self.found.as_ref()?;
        let more = match &found.next {
            Some(_) => ", and there are older ones",
            None => "",
        };
        Some(match (found.hits.len(), self.later) {
            (0, false) => {
                "Nothing found. Words are found whole; a * at the end finds what begins like that."
                    .to_owned()
            }
            (1, false) => "1 message".to_owned(),
            (count, false) => format!("{count} messages{more}"),
            (1, true) => "1 older message".to_owned(),
            (count, true) => format!("{count} older messages{more}"),
        })
    }
}

#[component]
pub fn SearchPage(reader: Reader, search: Search) -> impl IntoView {
    let (me, clock) = (reader.me, reader.clock);
    let count = search.count();
    let Search {
        words,
        found,
        refusal,
        ..
    } = search;
    let found = found.unwrap_or_default();
    let next = found.next.map(|cursor| {
        view! {
            <p class="older">
                <a href=paths::search_before(&me, &words, &cursor)>"Older results"</a>
            </p>
        }
    });
    let none = found.hits.is_empty();
    let row = |hit| view! { <Row me=me.clone() hit words=words.clone() clock /> };
    let rows = found.hits.into_iter().map(row).collect_view();
    view! {
        <h1>"Search"</h1>
        <form role="search" method="get" action=paths::search(&me, "")>
            <input
                type="search"
                id="words"
                name="words"
                aria-label="Search"
                aria-describedby="found"
                placeholder="Words, \"a phrase\", begin*"
                value=words
                autocomplete="off"
                autofocus
            />
            <button type="submit">"Search"</button>
        </form>
        <FormError error=refusal />
        <p class="hint" id="found" role="status">
            {count}
        </p>
        <ul class="hits" aria-label="Results" hidden=none>
            {rows}
        </ul>
        {next}
    }
}

#[component]
fn Row(me: String, hit: Hit, words: String, clock: Clock) -> impl IntoView {
    let Hit { name, message, .. } = hit;
    let at = message.at;
    let href = paths::message(&me, &name, message.seq);
    view! {
        <li>
            <a class="hit" href=href>
                <Face name=&message.by />
                <span class="who">
                    <b dir="auto">{message.by.clone()}</b>
                    {Icon::Chevron.view()}
                    <span dir="auto">{name}</span>
                    <time datetime=machine(at) title=clock.full(at)>
                        {clock.brief(at)}
                    </time>
                </span>
                <span class="body" dir="auto">
                    <Marked body=message.body words />
                </span>
            </a>
        </li>
    }
}
