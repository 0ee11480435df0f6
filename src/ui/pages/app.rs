//! Everything below `/@me`: one page that stays. The server renders what the asked address shows; from there on the
//! session has others shown in its place.

use leptos::{either::Either, prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    dashboard::DashboardPage,
    room::{RoomPage, RoomsSide},
};
use crate::{
    domain::{Flash, RoomPage as Room, RoomSummary},
    ui::{
        aim::Aim,
        parts::{Asked, Clock, Sheet, use_clock},
        session::{Pane, Session, Shown, Start},
    },
};

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum First {
    Dashboard {
        /// What was refused the last time, where something was.
        flash: Option<Flash>,
    },
    Room {
        page: Box<Room>,
        /// The message that the page is about, where it is about one.
        aim: Option<Aim>,
        sheet: Sheet,
        /// Why the room could not be left, where that was tried.
        leaving: Option<String>,
    },
}

/// The pages of `me`. `rooms` are all of theirs, the latest active first; `asked` is the dialog that the page was asked
/// for with, where it was; `made_by` is which build of the server rendered it.
#[island]
pub fn App(
    me: String,
    made_by: String,
    rooms: Vec<RoomSummary>,
    first: First,
    asked: Option<String>,
    clock: Clock,
) -> impl IntoView {
    let start = match &first {
        First::Dashboard { .. } => Start::Dashboard,
        First::Room { page, .. } => Start::Room(page.clone()),
    };
    let session = Session::new(me, made_by, rooms, start);
    let first = StoredValue::new(first);
    provide_context(Asked(RwSignal::new(asked)));
    let clock = use_clock(clock);
    Effect::new(move || untrack(|| session.go_live()));
    name_the_tab(session);
    let in_room = Memo::new(move |_| session.navigator.shown() != Shown::Dashboard);
    // What is beside rooms is made for the first of them, and stays.
    let has_side = Memo::new(move |has: Option<&bool>| has == Some(&true) || in_room.get());
    let pane = move |Pane { shows, start, at }| {
        // Only what the document began with has been asked for in so many words.
        let first = first.get_value();
        match start {
            Start::Dashboard => {
                let flash = match first {
                    First::Dashboard { flash } => flash,
                    First::Room { .. } => None,
                };
                Either::Left(view! { <DashboardPage session flash clock /> })
            }
            Start::Room(page) => {
                let (sheet, leaving, aim) = match first {
                    First::Room {
                        page: first,
                        aim,
                        sheet,
                        leaving,
                    } if Shown::Room(first.room.id) == shows => (sheet, leaving, aim),
                    _ => (Sheet::blank(), None, None),
                };
                Either::Right(view! { <RoomPage session page=*page at aim sheet leaving clock /> })
            }
        }
    };
    view! {
        <div class="place" class:room=in_room>
            {move || has_side.get().then(|| view! { <RoomsSide session in_room clock /> })}
            <For each=move || session.navigator.panes() key=|pane| pane.shows children=pane />
        </div>
        <Announcer session />
    }
}

/// Says in the tab's title where one is, and how much waits there and elsewhere.
fn name_the_tab(session: Session) {
    Effect::new(move || {
        let name = name_of(session);
        let reading = match session.navigator.shown() {
            Shown::Room(room) if session.visible.get() => Some(room),
            _ => None,
        };
        document().set_title(&match session.rooms.unread_besides(reading) {
            0 => format!("{name} · Latchkey"),
            count => format!("({count}) {name} · Latchkey"),
        });
    });
}

/// The name of what is shown.
fn name_of(session: Session) -> String {
    match session.navigator.shown() {
        Shown::Dashboard => session.me.with_value(|me| format!("@{me}")),
        Shown::Room(room) => session.rooms.name_of(room).unwrap_or_default(),
    }
}

/// Tells those who do not see it that another page is shown.
#[component]
fn Announcer(session: Session) -> impl IntoView {
    let said = RwSignal::new(String::new());
    Effect::new(move || {
        if session.navigator.arrivals() > 0 {
            said.set(untrack(|| match session.navigator.shown() {
                Shown::Dashboard => "Your rooms".to_owned(),
                Shown::Room(_) => name_of(session),
            }));
        }
    });
    view! {
        <p class="hush" role="status">
            {said}
        </p>
    }
}
