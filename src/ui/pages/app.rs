//! Everything below `/@me`: one page that stays. The server renders what the asked address shows; from there on the
//! session has others shown in its place.

use leptos::{either::EitherOf3, prelude::*};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    dashboard::DashboardPage,
    plain::PlainPage,
    room::{RoomPage, RoomsSide},
};
use crate::{
    api,
    domain::{Flash, RoomPage as Room, RoomSummary},
    ui::{
        aim::{Aim, Wish},
        browser,
        parts::{Asked, Clock, Switcher, use_clock},
        session::{Pane, Plain, Session, Shown, Start},
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
        /// The id that the message which is written on the page will have.
        sheet: Uuid,
        /// What was refused the last time, where something was.
        flash: Option<Flash>,
    },
    Plain {
        which: Plain,
        title: String,
        /// The document holds it already.
        #[serde(skip)]
        html: String,
    },
}

/// The pages of `me`. `rooms` are all of theirs, the latest active first; `asked` is the dialog that the page was asked
/// for with, where it was; `made_by` is which build of the server rendered it, and `epoch` which life of its data from.
#[island]
pub fn App(
    me: String,
    made_by: String,
    epoch: String,
    rooms: Vec<RoomSummary>,
    first: First,
    asked: Option<String>,
    clock: Clock,
) -> impl IntoView {
    let start = match &first {
        First::Dashboard { .. } => Start::Dashboard,
        First::Room { page, .. } => Start::Room(page.clone()),
        First::Plain { which, title, html } => {
            let (title, html) = (title.clone(), html.clone());
            Start::Plain(*which, api::PlainPage { title, html })
        }
    };
    let session = Session::new(me, made_by, epoch, rooms, start);
    let first = StoredValue::new(first);
    provide_context(Asked(RwSignal::new(asked)));
    let clock = use_clock(clock);
    Effect::new(move || untrack(|| session.go_live()));
    name_the_tab(session);
    let in_room = Memo::new(move |_| matches!(session.navigator.shown(), Shown::Room(_)));
    // What is beside rooms is made for the first of them, and stays.
    let has_side = Memo::new(move |has: Option<&bool>| has == Some(&true) || in_room.get());
    let pane = move |Pane {
                         shows,
                         start,
                         at,
                         aim: led,
                         ..
                     }| {
        // Only what the document began with has been asked for in so many words.
        let first = first.get_value();
        match start {
            Start::Dashboard => {
                let flash = match first {
                    First::Dashboard { flash } => flash,
                    _ => None,
                };
                EitherOf3::A(view! { <DashboardPage session flash clock /> })
            }
            Start::Room(page) => {
                let (sheet, flash, aim) = match first {
                    First::Room {
                        page: first,
                        aim,
                        sheet,
                        flash,
                    } if Shown::Room(first.room.id) == shows => (sheet, flash, aim),
                    _ => {
                        let wish = Wish::See;
                        let aim = led.map(|seq| Aim { seq, wish });
                        (Uuid::now_v7(), None, aim)
                    }
                };
                EitherOf3::B(view! { <RoomPage session page=*page at aim sheet flash clock /> })
            }
            Start::Plain(which, page) => {
                EitherOf3::C(view! { <PlainPage session which html=page.html /> })
            }
        }
    };
    view! {
        <div class="place" class:room=in_room>
            {move || has_side.get().then(|| view! { <RoomsSide session in_room clock /> })}
            <For each=move || session.navigator.panes() key=|pane| (pane.shows, pane.turn) children=pane />
        </div>
        <Announcer session />
        <Switcher session />
    }
}

/// Says in the tab's title and icon where one is, and how much waits there and elsewhere.
fn name_the_tab(session: Session) {
    // A room's address is its name.
    Effect::new(move |before: Option<(Shown, String)>| {
        let shown = session.navigator.shown();
        let name = name_of(session);
        let renamed = before.is_some_and(|before| before.0 == shown && before.1 != name);
        if let (true, Shown::Room(_)) = (renamed, shown) {
            browser::replace_path(&session.address(shown));
        }
        (shown, name)
    });
    Effect::new(move || {
        let name = name_of(session);
        let reading = match session.navigator.shown() {
            Shown::Room(room) if session.visible.get() => Some(room),
            _ => None,
        };
        let (unread, named) = session.waiting_besides(reading);
        let (waits, icon) = match (unread, named) {
            (0, _) => (String::new(), "/icon.svg"),
            (_, 0) => (format!("({unread}) "), "/icon-unread.svg"),
            _ => (format!("(@{named} · {unread}) "), "/icon-mention.svg"),
        };
        document().set_title(&[&*waits, &*name, " · Latchkey"].concat());
        browser::set_icon(icon);
    });
}

/// The name of what is shown.
fn name_of(session: Session) -> String {
    match session.navigator.shown() {
        Shown::Dashboard => session.me.with_value(|me| format!("@{me}")),
        Shown::Room(room) => session.rooms.follow_name_of(room).unwrap_or_default(),
        Shown::Plain(_) => session.navigator.plain.title.get(),
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
                Shown::Room(_) | Shown::Plain(_) => name_of(session),
            }));
        }
    });
    view! {
        <p class="hush" role="status">
            {said}
        </p>
    }
}
