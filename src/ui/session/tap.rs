//! A tap on the shoulder: tells, where *me* has asked for it, of what is said in rooms that are not being read.
//!
//! Of all tabs of one identity one tells: the one that holds a lock of the browser's, until it is closed. It tells
//! after a pause, and not of what has been read meanwhile, here or elsewhere.
//!
//! What *me* chose is kept in this browser, under `latchkey.tap/ME/WHAT`.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlAudioElement, Notification, NotificationOptions, NotificationPermission};

use super::Session;
use crate::{
    domain::{Quote, RoomId, Seq},
    protocol::ServerFrame,
    ui::{browser, paths},
};

/// Long enough for another tab, or another machine, to say that the room is being read there.
const PAUSE: Duration = Duration::from_secs(2);

/// How *me* is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Notifications,
    Sound,
}

impl Means {
    fn name(self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
            Self::Sound => "sound",
        }
    }
}

/// What of a room is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Everything,
    /// What names *me*: where nothing was chosen, also among two, as it is not known here how many are in a room that
    /// is not open.
    Mentions,
    /// Not what names *me* either; nor does the room count on the tab.
    Nothing,
}

impl Wanted {
    pub fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Mentions => "",
            Self::Nothing => "nothing",
        }
    }

    pub fn of(name: &str) -> Self {
        match name {
            "everything" => Self::Everything,
            "nothing" => Self::Nothing,
            _ => Self::Mentions,
        }
    }
}

/// A handle: copies are the same.
#[derive(Clone, Copy)]
pub struct Tap {
    /// Counts changes of what was chosen, in this tab or another; 0 until the document has come alive, as before that
    /// nothing is known of it.
    choices: RwSignal<u32>,
    /// Whether it is for this tab to tell.
    tells: StoredValue<bool>,
    /// What is to be told, one word a room.
    words: StoredValue<Vec<Word>>,
    sound: StoredValue<Option<HtmlAudioElement>, LocalStorage>,
}

struct Word {
    room: RoomId,
    seq: Seq,
    /// Who said it; empty where only its room's list will tell.
    by: String,
    /// How it begins; empty where it has not come.
    body: String,
}

#[wasm_bindgen]
extern "C" {
    /// As Web Locks has it; web-sys does not count that among what is stable.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, held: &JsValue) -> Result<js_sys::Promise, JsValue>;
}

impl Tap {
    pub fn new() -> Self {
        Self {
            choices: RwSignal::new(0),
            tells: StoredValue::new(false),
            words: StoredValue::default(),
            sound: StoredValue::new_local(None),
        }
    }
}

/// What the names of *me*'s choices begin with.
pub fn choices_of(me: &str) -> String {
    format!("latchkey.tap/{me}/")
}

impl Session {
    /// Listens for what other tabs choose, and waits to be the one that tells.
    pub(super) fn stand_by(self) {
        let Tap { choices, tells, .. } = self.tap;
        choices.set(1);
        window_event_listener_untyped("storage", move |_| choices.update(|count| *count += 1));
        let held = Closure::once_into_js(move || {
            tells.set_value(true);
            // The lock is kept until this is done: never.
            js_sys::Promise::new(&mut |_, _| {})
        });
        // Where there are no locks each tab tells; notifications still come once.
        if request_lock(&self.choice("teller"), &held).is_err() {
            tells.set_value(true);
        }
    }

    fn choice(self, what: &str) -> String {
        self.me.with_value(|me| choices_of(me) + what)
    }

    fn chosen(self, what: &str) -> Option<String> {
        (self.tap.choices.get() > 0).then(|| browser::kept(&self.choice(what)))?
    }

    fn choose(self, what: &str, value: Option<&str>) {
        browser::keep(&self.choice(what), value);
        self.tap.choices.update(|count| *count += 1);
    }

    /// What *me* wants to be told of a room. Tracked.
    pub fn wants(self, room: RoomId) -> Wanted {
        Wanted::of(&self.chosen(&room.to_string()).unwrap_or_default())
    }

    pub fn want(self, room: RoomId, wanted: Wanted) {
        let name = Some(wanted.name()).filter(|name| !name.is_empty());
        self.choose(&room.to_string(), name);
    }

    /// How much is unread in all rooms but one, and how much of it names *me*: rooms of which nothing is wanted are
    /// left out. Tracked.
    pub fn waiting_besides(self, room: Option<RoomId>) -> (u64, u64) {
        let mut waiting = (0, 0);
        for known in self.rooms.all() {
            let unread = known.unread();
            if unread > 0 && Some(known.id) != room && self.wants(known.id) != Wanted::Nothing {
                waiting.0 += unread;
                waiting.1 += known.summary.read().room.mentions;
            }
        }
        waiting
    }

    /// Whether *me* is told by these means. Tracked.
    pub fn is_told_by(self, means: Means) -> bool {
        self.chosen(means.name()).is_some() && (means == Means::Sound || may_notify())
    }

    /// Has *me* told by these means from now on, or no longer. Gives a sentence where it cannot be.
    pub async fn switch(self, means: Means) -> Option<&'static str> {
        if untrack(|| self.is_told_by(means)) {
            self.choose(means.name(), None);
            return None;
        }
        let worked = match means {
            Means::Notifications => ask_to_notify().await,
            Means::Sound => self.sound().await,
        };
        if worked.is_ok() {
            self.choose(means.name(), Some("on"));
        }
        worked.err()
    }

    /// Takes note of what is said where *me* wants to be told. To be called before the frame changes anything.
    pub(super) fn overhear(self, frame: &ServerFrame) {
        let none = String::new();
        let (room, seq, by, body) = match frame {
            ServerFrame::Message(said) => (said.room, said.seq, &said.by, &said.body),
            // Comes before the message that it is about, or after.
            ServerFrame::Mention { room, seq, by } => (*room, *seq, by, &none),
            ServerFrame::Head { room, seq, .. } => (*room, *seq, &none, &none),
            _ => return,
        };
        let Some(known) = self.rooms.find(room) else {
            return;
        };
        let wanted = untrack(|| self.wants(room));
        let tells = {
            let room = &known.summary.read_untracked().room;
            match frame {
                ServerFrame::Mention { .. } => wanted != Wanted::Nothing,
                ServerFrame::Head { said, .. } => wanted == Wanted::Everything && room.said < *said,
                _ => wanted == Wanted::Everything && room.head < seq,
            }
        };
        let tells = tells && self.me.with_value(|me| me != by);
        let first = self.tap.words.try_update_value(|words| {
            let first = words.is_empty();
            let place = words.iter().position(|word| word.room == room);
            if let Some(word) = place.map(|place| &mut words[place])
                && word.seq == seq
            {
                if word.body.is_empty() {
                    word.body = Quote::excerpt(body).to_owned();
                }
            } else if tells {
                words.retain(|word| word.room != room);
                words.push(Word {
                    room,
                    seq,
                    by: by.clone(),
                    body: Quote::excerpt(body).to_owned(),
                });
            }
            first && !words.is_empty()
        });
        if first == Some(true) {
            set_timeout(move || self.tell(), PAUSE);
        }
    }

    fn tell(self) {
        let words = self.tap.words.try_update_value(std::mem::take);
        let mut told = false;
        for mut word in words.unwrap_or_default() {
            let Some(known) = self.rooms.find(word.room) else {
                continue;
            };
            let summary = known.summary.read_untracked();
            // As it is by now, where that is known.
            let last = summary.last.as_ref();
            if let Some(last) = last.filter(|last| last.seq == word.seq || word.by.is_empty()) {
                word.seq = last.seq;
                word.by.clone_from(&last.by);
                Quote::excerpt(&last.body).clone_into(&mut word.body);
            }
            let mine = self.me.with_value(|me| *me == word.by);
            let read = summary.room.seen >= word.seq || untrack(|| self.sees(word.room));
            if self.tap.tells.get_value() && !mine && !read {
                told = true;
                self.notify(word, summary.room.name.clone());
            }
        }
        if told && untrack(|| self.is_told_by(Means::Sound)) {
            spawn_local(async move { _ = self.sound().await });
        }
    }

    fn notify(self, word: Word, name: String) {
        if !untrack(|| self.is_told_by(Means::Notifications)) {
            return;
        }
        let options = NotificationOptions::new();
        options.set_body(&word.body);
        options.set_icon("/icon-192.png");
        // One a room: the newest takes the place of the one before, and is noticed, too.
        options.set_tag(&self.choice(&word.room.to_string()));
        options.set_renotify(true);
        let title = [&*word.by, &*name].join(" · ");
        let Ok(shown) = Notification::new_with_options(&title, &options) else {
            return;
        };
        let clicked = Closure::once_into_js({
            let shown = shown.clone();
            move || {
                shown.close();
                _ = window().focus();
                self.go_to(&self.me.with_value(|me| paths::message(me, &name, word.seq)));
            }
        });
        shown.set_onclick(Some(clicked.unchecked_ref()));
    }

    /// Two soft knocks.
    async fn sound(self) -> Result<(), &'static str> {
        let known = self.tap.sound.get_value();
        let played = async {
            let sound = match known {
                Some(sound) => sound,
                None => HtmlAudioElement::new_with_src("/tap.wav")?,
            };
            // A browser lets that one play later which has played at a press.
            self.tap.sound.set_value(Some(sound.clone()));
            JsFuture::from(sound.play()?).await
        };
        played
            .await
            .map(|_| ())
            .map_err(|_: JsValue| "The browser would not play the sound.")
    }
}

fn may_notify() -> bool {
    offers_notifications() && Notification::permission() == NotificationPermission::Granted
}

fn offers_notifications() -> bool {
    let has = js_sys::Reflect::has(&window(), &"Notification".into());
    has.unwrap_or_default() && window().is_secure_context()
}

/// Asks the person, by way of the browser, and shows them what they get.
async fn ask_to_notify() -> Result<(), &'static str> {
    if !offers_notifications() {
        return Err("This browser offers no notifications here.");
    }
    if let Ok(asked) = Notification::request_permission() {
        _ = JsFuture::from(asked).await;
    }
    match Notification::permission() {
        NotificationPermission::Granted => {
            Notification::new("Latchkey tells you here what is said")
                .map(|_| ())
                // On Android only what outlives a page may show them.
                .map_err(|_| "This browser shows no notifications of pages.")
        }
        NotificationPermission::Denied => {
            Err("Notifications are blocked. The browser's settings for this site allow them.")
        }
        _ => Err("They stay off until you allow them."),
    }
}
