//! The keeper's lists of rooms and names, a page at a time, and the page of one name.

use leptos::prelude::*;

use super::{bytes, grouped, ways};
use crate::{
    domain::Millis,
    ui::{parts::Clock, paths},
};

/// A stretch of a list.
pub struct Listed<T> {
    /// How all of their names begin.
    pub named: String,
    pub rows: Vec<T>,
    /// What the next stretch comes after, where there is one.
    pub next: Option<i64>,
}

pub struct RoomRow {
    pub id: i64,
    pub name: String,
    pub owner: String,
    pub members: u64,
    pub online: usize,
    pub said: u64,
    /// About how much was said.
    pub bytes: u64,
    pub last: Option<Millis>,
}

pub struct NameRow {
    pub id: i64,
    pub name: String,
    pub since: Millis,
    pub used: Millis,
    pub sessions: u64,
    pub rooms: u64,
    pub online: bool,
}

pub struct SessionRow {
    pub id: i64,
    pub since: Millis,
    pub last: Millis,
    pub browser: String,
}

pub fn rooms(listed: Listed<RoomRow>, clock: Clock) -> impl IntoView {
    let row = move |room: RoomRow| {
        let last = match room.last {
            Some(at) => format!("last at {}", clock.full(at)),
            None => "nothing yet".to_owned(),
        };
        view! {
            <li class="way">
                <b class="clip" dir="auto">
                    {room.name.clone()}
                </b>
                <p class="hint">
                    "of "<bdi>{room.owner}</bdi>
                    {format!(
                        " · {}, {} online · {}, about {} · {last}",
                        counted(room.members, "member"),
                        room.online,
                        counted(room.said, "message"),
                        bytes(room.bytes),
                    )}
                </p>
                {sure(
                    format!("Delete {}", room.name),
                    "For everyone in it, with all that was said. It cannot be undone.",
                    "/keeper/delete-room",
                    vec![("room", room.id.to_string()), ("name", room.name)],
                    "Delete room",
                )}
            </li>
        }
    };
    list("Rooms", "/keeper/rooms", listed, row)
}

pub fn names(listed: Listed<NameRow>, clock: Clock) -> impl IntoView {
    let row = move |name: NameRow| {
        view! {
            <li class="way">
                <a class="clip" dir="auto" href=format!("/keeper/names/{}", name.id)>
                    {name.name.clone()}
                </a>
                <p class="hint">{about(&name, &clock)}</p>
            </li>
        }
    };
    list("Names", "/keeper/names", listed, row)
}

pub fn name(name: NameRow, sessions: Vec<SessionRow>, clock: Clock) -> impl IntoView {
    let user = name.id.to_string();
    let row = |session: SessionRow| {
        view! {
            <li class="way">
                <b>{session.browser}</b>
                <p class="hint">
                    {format!("since {} · used {}", clock.full(session.since), clock.full(session.last))}
                </p>
                <form action="/keeper/end-session" method="post">
                    <input type="hidden" name="user" value=user.clone() />
                    <input type="hidden" name="session" value=session.id />
                    <button type="submit" class="quiet">
                        "End"
                    </button>
                </form>
            </li>
        }
    };
    let rows: Vec<_> = sessions.into_iter().map(row).collect();
    let none = rows.is_empty();
    view! {
        {ways(None)}
        <h1 dir="auto">{name.name.clone()}</h1>
        <p class="hint">{about(&name, &clock)}</p>
        <section class="card" aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <ul class="ways">{rows}</ul>
            {none.then(|| view! { <p class="hint">"No browser is signed in."</p> })}
        </section>
        <section class="card danger-zone" aria-labelledby="free">
            <h2 id="free">"Free the name"</h2>
            {sure(
                "Free the name".to_owned(),
                "All its sessions end, it leaves all its rooms, and anybody can claim it. What was said under it stays. It cannot be undone.",
                "/keeper/free-name",
                vec![("user", name.id.to_string())],
                "Free it",
            )}
        </section>
    }
}

fn about(name: &NameRow, clock: &Clock) -> String {
    format!(
        "{}in {} · {} · since {} · used {}",
        if name.online { "online · " } else { "" },
        counted(name.rooms, "room"),
        counted(name.sessions, "session"),
        clock.full(name.since),
        clock.full(name.used),
    )
}

fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {what}{s}", grouped(count))
}

fn list<T, V: IntoView + 'static>(
    title: &'static str,
    here: &'static str,
    listed: Listed<T>,
    row: impl Fn(T) -> V,
) -> impl IntoView {
    let Listed { named, rows, next } = listed;
    let rows: Vec<V> = rows.into_iter().map(row).collect();
    let none = rows.is_empty();
    let more = next.map(|next| {
        let query = match named.as_str() {
            "" => format!("?before={next}"),
            named => format!("?named={}&before={next}", paths::encode(named)),
        };
        view! { <p><a href=format!("{here}{query}")>"Older ones"</a></p> }
    });
    view! {
        {ways(Some(here))}
        <h1>{title}</h1>
        <section class="card">
            <form action=here method="get" role="search">
                <div class="field">
                    <label for="named">"Name begins with"</label>
                    <input type="search" id="named" name="named" value=named autocomplete="off" />
                </div>
                <button type="submit" class="quiet">
                    "Find"
                </button>
            </form>
            <ul class="ways" aria-label=title>
                {rows}
            </ul>
            {none.then(|| view! { <p class="hint">"There is none."</p> })}
            {more}
        </section>
    }
}

/// What asks once more before it does what cannot be undone.
fn sure(
    opener: String,
    text: &'static str,
    action: &'static str,
    fields: Vec<(&'static str, String)>,
    button: &'static str,
) -> impl IntoView {
    let fields = fields.into_iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect();
    view! {
        <details class="sure">
            <summary>{opener}</summary>
            <p>{text}</p>
            <form action=action method="post">
                {fields}
                <button type="submit" class="danger">
                    {button}
                </button>
            </form>
        </details>
    }
}
