//! The way about: which of *me*'s pages is shown, which are kept warm, and what the address bar says.
//!
//! The dashboard and the rooms that were shown last stay on the page as panes, hidden. A link to one of *me*'s pages
//! shows its pane, or has one made from what the server says of the room; any other link is the browser's, and so
//! are modified clicks and all that this page's build cannot know.
//!
//! It is not `leptos_router`: three routes of that are 56 KB of a first visit, in Brotli, and it lets go of the page that
//! is left, where these stay. Nor is a switch a View Transition: a page that is warm is there in the next frame, and would
//! have to wait for a picture of the one before.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use super::{Plain, Session, ask, plain::PlainPane};
use crate::{
    api::{OpenRoomPage, PlainPage},
    domain::{Code, Millis, RoomId, RoomPage, Seq},
    ui::{
        browser::{self, now},
        notices,
        paths::{self, Inside},
    },
};

/// Rooms that stay on the page at most, the one that is shown among them.
const WARM: usize = 6;
/// Milliseconds that a room which was asked for ahead of time is worth showing. What was said in it since comes over
/// the socket; who is in it may not.
const FRESH: Millis = 10_000;
/// After that whoever came to a room sees it.
const SETTLED: Duration = Duration::from_millis(300);

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Shown {
    Dashboard,
    Room(RoomId),
    Plain(Plain),
}

impl Shown {
    /// Whether it is a room or its settings.
    pub fn is_about(self, room: RoomId) -> bool {
        self == Self::Room(room) || self == Self::Plain(Plain::Room(room))
    }
}

/// What a pane starts from.
#[derive(Clone, Debug)]
pub enum Start {
    Dashboard,
    Room(Box<RoomPage>),
    Plain(Plain, PlainPage),
}

impl Start {
    fn shows(&self) -> Shown {
        match self {
            Start::Dashboard => Shown::Dashboard,
            Start::Room(page) => Shown::Room(page.room.id),
            Start::Plain(which, _) => Shown::Plain(*which),
        }
    }
}

/// One of *me*'s pages, shown or kept.
#[derive(Clone, Debug)]
pub struct Pane {
    pub shows: Shown,
    pub start: Start,
    /// The message that the reader is to be brought to, where that is not the newest.
    pub at: Option<Seq>,
    /// The message that a link has led to.
    pub aim: Option<Seq>,
    /// Tells a plain page from the one before it.
    pub turn: u32,
}

/// A handle: copies are the same navigator.
#[derive(Clone, Copy)]
pub struct Navigator {
    /// In the order in which they were made.
    panes: RwSignal<Vec<Pane>>,
    shown: RwSignal<Shown>,
    /// Counts arrivals: each moves the keyboard's place, and is announced.
    arrivals: RwSignal<u32>,
    /// The panes' rooms, the latest shown last.
    recent: StoredValue<Vec<RoomId>>,
    ahead: StoredValue<Option<Ahead>>,
    /// Where the reader was in rooms that are not kept any more, unless they were at the newest message.
    places: StoredValue<Vec<(RoomId, Seq)>>,
    /// How far the dashboard was scrolled when it was left.
    left_at: StoredValue<f64>,
    pub plain: PlainPane,
    /// Counts what has been asked for: an answer that comes after something else was is too late.
    asked: StoredValue<u32>,
    /// Which build of the server made this page, and whether another has come since.
    build: StoredValue<String>,
    outdated: StoredValue<bool>,
}

/// A room that has been asked for.
struct Ahead {
    name: String,
    asked: Millis,
    page: Option<RoomPage>,
    /// The message that the page is about, where it is not the newest.
    at: Option<Seq>,
    /// The message that a link leads to.
    aim: Option<Seq>,
    /// How to go there as soon as it is here, where that is wanted.
    wanted: Option<How>,
}

/// What becomes of the address bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A new entry in the history.
    Push,
    /// In place of the entry at hand: going back should not lead here again.
    Replace,
    /// It is right already: the person went back or forward.
    Moved,
}

impl Navigator {
    pub fn new(build: String, start: Start) -> Self {
        let shows = start.shows();
        let recent = match shows {
            Shown::Room(room) => vec![room],
            Shown::Dashboard | Shown::Plain(_) => Vec::new(),
        };
        let title = match &start {
            Start::Plain(_, page) => page.title.clone(),
            _ => String::new(),
        };
        Self {
            panes: RwSignal::new(vec![Pane {
                shows,
                start,
                at: None,
                aim: None,
                turn: 0,
            }]),
            shown: RwSignal::new(shows),
            arrivals: RwSignal::new(0),
            recent: StoredValue::new(recent),
            ahead: StoredValue::new(None),
            places: StoredValue::default(),
            left_at: StoredValue::new(0.0),
            plain: PlainPane::new(title),
            asked: StoredValue::new(0),
            build: StoredValue::new(build),
            outdated: StoredValue::new(false),
        }
    }

    /// What is shown. Tracked.
    pub fn shown(self) -> Shown {
        self.shown.get()
    }

    pub fn shown_untracked(self) -> Shown {
        self.shown.get_untracked()
    }

    /// All panes. Tracked.
    pub fn panes(self) -> Vec<Pane> {
        self.panes.get()
    }

    /// Changes whenever somebody has come to what is shown; 0 where that is how the document began. Tracked.
    pub fn arrivals(self) -> u32 {
        self.arrivals.get()
    }

    /// A room's pane goes, and its reader was at this message.
    pub fn left_at(self, room: RoomId, seq: Seq) {
        // Where the navigator goes, too, nobody will come back.
        _ = self.places.try_update_value(|places| {
            places.retain(|(other, _)| *other != room);
            places.push((room, seq));
        });
    }

    /// How far the dashboard is to be scrolled, in pixels, by whoever comes to it now.
    pub fn dashboard_place(self) -> f64 {
        self.left_at.get_value()
    }

    /// The server has said which build it is. One that did not make this page may make others.
    pub fn is_served_by(self, build: &str) {
        let outdated = self.build.with_value(|ours| ours != build);
        self.outdated.set_value(outdated);
    }

    /// Whether this page's build is not the server's any more: what comes next is the browser's to load.
    pub fn is_outdated(self) -> bool {
        self.outdated.get_value()
    }

    /// Takes over links, and the ways back and forward, for as long as the document is there.
    pub fn go_live(self, session: Session) {
        window_event_listener(ev::click, move |event| {
            if let Some((inside, url)) = self.asked_for(&event, session) {
                event.prevent_default();
                self.go(inside, &url, How::Push, session);
            }
        });
        // What is about to be asked for is on its way by then.
        window_event_listener(ev::pointerdown, move |event| {
            self.look_ahead(event.target(), session);
        });
        window_event_listener(ev::focusin, move |event| {
            self.look_ahead(event.target(), session);
        });
        window_event_listener(ev::popstate, move |_| {
            match session.inside(&browser::path(), &browser::query()) {
                Some(inside) if !self.is_outdated() => {
                    self.go(inside, "", How::Moved, session);
                }
                _ => browser::reload(),
            }
        });
        browser::keep_scroll_places();
        if let Some(Inside::Search { words, before }) =
            session.inside(&browser::path(), &browser::query())
        {
            self.plain.sought.set_value((words, before));
        }
    }

    /// Goes to one of *me*'s pages without leaving this document. `url` is its address.
    pub fn go(self, inside: Inside, url: &str, how: How, session: Session) {
        self.asks();
        match inside {
            Inside::Dashboard => {
                self.ahead.set_value(None);
                self.keep(Start::Dashboard, None, None);
                self.show(Shown::Dashboard, url, how, session);
            }
            Inside::Search { words, before } => {
                self.ahead.set_value(None);
                self.plain.sought.set_value((words, before));
                session.go_to_plain(Plain::Search, url, how);
            }
            Inside::Settings => {
                self.ahead.set_value(None);
                session.go_to_plain(Plain::Mine, url, how);
            }
            Inside::RoomSettings { name } => {
                self.ahead.set_value(None);
                match session.rooms.named(&name) {
                    Some(room) => session.go_to_plain(Plain::Room(room), url, how),
                    None if how == How::Moved => browser::reload(),
                    None => browser::go_on(url, how == How::Replace),
                }
            }
            Inside::Room { name, at } => {
                let warm = session.rooms.named(&name);
                if let Some(room) = warm.filter(|room| self.is_kept(Shown::Room(*room))) {
                    self.ahead.set_value(None);
                    self.show(Shown::Room(room), url, how, session);
                    if let (Some(seq), Some(conversation)) = (at, session.conversation(room)) {
                        conversation.to_message(seq);
                    }
                    return;
                }
                self.ask_for(&name, at, Some(how), session);
            }
        }
    }

    /// Lets go of a room's pane. Whoever is in it comes to the dashboard instead.
    pub fn close(self, room: RoomId, session: Session) {
        if self.shown_untracked().is_about(room) {
            let url = session.me.with_value(|me| paths::dashboard(me));
            self.go(Inside::Dashboard, &url, How::Replace, session);
        }
        self.recent
            .update_value(|recent| recent.retain(|id| *id != room));
        self.panes
            .update(|panes| panes.retain(|pane| pane.shows != Shown::Room(room)));
    }

    /// What a click asks for, where this page can show it.
    fn asked_for(self, event: &MouseEvent, session: Session) -> Option<(Inside, String)> {
        let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return None;
        }
        let link = link(event.target())?;
        // Something on the page that is shown, or something to keep: the browser knows best.
        let elsewhere = !link.target().is_empty() || link.has_attribute("download");
        let within = !link.hash().is_empty();
        if elsewhere || within || self.is_outdated() {
            return None;
        }
        Some((inside(&link, session)?, link.pathname() + &link.search()))
    }

    fn look_ahead(self, at: Option<web_sys::EventTarget>, session: Session) {
        let inside = link(at).and_then(|link| inside(&link, session));
        if let Some(Inside::Room { name, at }) = inside {
            let warm = session.rooms.named(&name).map(Shown::Room);
            if !warm.is_some_and(|shows| self.is_kept(shows)) {
                self.ask_for(&name, at, None, session);
            }
        }
    }

    /// Asks for a room, to go there where that is wanted.
    fn ask_for(self, name: &str, aim: Option<Seq>, wanted: Option<How>, session: Session) {
        let known = self.ahead.try_update_value(|ahead| {
            let ahead = ahead.as_mut().filter(|ahead| {
                ahead.name == name && ahead.aim == aim && now() - ahead.asked < FRESH
            })?;
            ahead.wanted = wanted.or(ahead.wanted);
            Some(())
        });
        if known.flatten().is_some() {
            return self.arrive(session);
        }
        // Whoever goes back finds the place where they were.
        let at = (wanted == Some(How::Moved))
            .then(|| self.place_in(session.rooms.named(name)?))
            .flatten()
            .filter(|_| aim.is_none());
        self.ahead.set_value(Some(Ahead {
            name: name.to_owned(),
            asked: now(),
            page: None,
            at,
            aim,
            wanted,
        }));
        let name = name.to_owned();
        spawn_local(async move {
            let me = session.me.get_value();
            let around = aim.or(at).map(|seq| seq.to_string());
            let mut arguments = vec![("me", &*me), ("name", &*name)];
            arguments.extend(around.as_ref().map(|seq| ("around", seq.as_str())));
            let answer = ask::<OpenRoomPage>(&arguments).await;
            // Something else may have been asked for since.
            let current = |ahead: &Option<Ahead>| {
                ahead
                    .as_ref()
                    .filter(|ahead| ahead.name == name && ahead.aim == aim)
                    .map(|ahead| ahead.wanted)
            };
            let Some(wanted) = self.ahead.with_value(current) else {
                return;
            };
            match (answer, wanted) {
                (Ok(page), _) => {
                    self.ahead.update_value(|ahead| {
                        if let Some(ahead) = ahead {
                            ahead.page = Some(page);
                        }
                    });
                    self.arrive(session);
                }
                (Err(_), None) => self.ahead.set_value(None),
                (Err(error), Some(how)) => {
                    self.ahead.set_value(None);
                    self.stay_out(&name, error.code, how, session);
                }
            }
        });
    }

    /// Goes to the room that was asked for, once it is here and wanted.
    fn arrive(self, session: Session) {
        let ready = |ahead: &Option<Ahead>| {
            let ahead = ahead.as_ref()?;
            ahead.page.as_ref().and(ahead.wanted)
        };
        let Some(how) = self.ahead.with_value(ready) else {
            return;
        };
        let ahead = self.ahead.try_update_value(Option::take).flatten();
        let Some(Ahead {
            page: Some(page),
            at,
            aim,
            ..
        }) = ahead
        else {
            return;
        };
        let name = &page.room.name;
        let url = session.me.with_value(|me| match aim {
            Some(seq) => paths::message(me, name, seq),
            None => paths::room(me, name),
        });
        session.rooms.add(&page.room);
        let shows = Shown::Room(page.room.id);
        self.keep(Start::Room(Box::new(page)), at, aim);
        self.show(shows, &url, how, session);
    }

    /// A room that is wanted cannot be shown.
    fn stay_out(self, name: &str, why: Code, how: How, session: Session) {
        let url = session.me.with_value(|me| paths::room(me, name));
        if why != Code::Offline {
            // The server has a page that says what is in the way.
            return browser::go_on(&url, how != How::Push);
        }
        notices::say(&format!(
            "{name} cannot be opened just now: there is no connection to the server."
        ));
        if how == How::Moved {
            browser::replace_path(&session.address(self.shown_untracked()));
        }
    }

    fn is_kept(self, shows: Shown) -> bool {
        self.panes
            .with_untracked(|panes| panes.iter().any(|pane| pane.shows == shows))
    }

    /// Something is asked for. The answer tells [`Self::has_asked_since`] which.
    pub(super) fn asks(self) -> u32 {
        self.asked.update_value(|asked| *asked += 1);
        self.asked.get_value()
    }

    pub(super) fn has_asked_since(self, asked: u32) -> bool {
        self.asked.get_value() != asked
    }

    fn keep(self, start: Start, at: Option<Seq>, aim: Option<Seq>) {
        let shows = start.shows();
        if !self.is_kept(shows) {
            let pane = Pane {
                shows,
                start,
                at,
                aim,
                turn: 0,
            };
            self.panes.update(|panes| panes.push(pane));
        }
    }

    /// Shows a plain page, in place of the one that is shown where that is one.
    pub(super) fn show_plain(
        self,
        which: Plain,
        page: PlainPage,
        url: &str,
        how: How,
        session: Session,
    ) {
        let shows = Shown::Plain(which);
        let again = self.shown_untracked() == shows;
        self.panes.update(|panes| {
            panes.retain(|pane| !matches!(pane.shows, Shown::Plain(_)));
            panes.push(Pane {
                shows,
                start: Start::Plain(which, page),
                at: None,
                aim: None,
                turn: self.asked.get_value(),
            });
        });
        if !again {
            return self.show(shows, url, how, session);
        }
        if how == How::Push && !browser::is_at(url) {
            browser::push_path(url);
        }
        self.arrivals.update(|arrivals| *arrivals += 1);
    }

    fn place_in(self, room: RoomId) -> Option<Seq> {
        self.places.with_value(|places| {
            let place = places.iter().find(|(other, _)| *other == room);
            place.map(|(_, seq)| *seq)
        })
    }

    fn show(self, shows: Shown, url: &str, how: How, session: Session) {
        let was = self.shown_untracked();
        if how == How::Moved && was == shows {
            // To a place within the page: the browser is there already.
            return;
        }
        match how {
            How::Push if was != shows => browser::push_path(url),
            How::Push | How::Moved => {}
            How::Replace => browser::replace_path(url),
        }
        match (was, shows) {
            (Shown::Dashboard, Shown::Dashboard) => {}
            (Shown::Dashboard, _) => self.left_at.set_value(browser::scrolled()),
            // One that a link leads to begins at its top.
            (_, Shown::Dashboard) if how != How::Moved => self.left_at.set_value(0.0),
            _ => {}
        }
        browser::close_popovers();
        self.shown.set(shows);
        if let Shown::Room(room) = shows {
            if let Some(conversation) = session.conversation(room) {
                conversation.entered();
            }
            self.let_go(room);
        }
        if matches!(was, Shown::Plain(_)) && was != shows {
            self.panes
                .update(|panes| panes.retain(|pane| pane.shows != was));
        }
        self.arrivals.update(|arrivals| *arrivals += 1);
    }

    /// Keeps a room as the latest shown, and soon parts with those that have not been shown for longest: whoever comes
    /// to a room does not wait for that.
    fn let_go(self, latest: RoomId) {
        self.recent.update_value(|recent| {
            recent.retain(|id| *id != latest);
            recent.push(latest);
        });
        set_timeout(move || self.part(), SETTLED);
    }

    fn part(self) {
        // Where the navigator has gone, too, its panes have gone with it.
        let cold = self.recent.try_update_value(|recent| {
            let excess = recent.len().saturating_sub(WARM);
            recent.drain(..excess).collect::<Vec<_>>()
        });
        let cold = cold.unwrap_or_default();
        if !cold.is_empty() {
            self.panes.update(|panes| {
                panes.retain(|pane| !matches!(pane.shows, Shown::Room(id) if cold.contains(&id)));
            });
        }
    }
}

/// Which of *me*'s pages a link leads to.
fn inside(link: &HtmlAnchorElement, session: Session) -> Option<Inside> {
    let here = link.origin() == browser::origin();
    session
        .inside(&link.pathname(), &link.search())
        .filter(|_| here)
}

/// The link that an event is about.
fn link(at: Option<web_sys::EventTarget>) -> Option<HtmlAnchorElement> {
    let element = at?.dyn_into::<Element>().ok()?;
    element.closest("a[href]").ok()??.dyn_into().ok()
}
