//! Pages of *me*'s that are rarely seen: the server renders them, with plain forms and no script, and here they are
//! panes of that HTML. Nothing in one is kept alive: it is asked for again after a form in it went well, and when the
//! socket tells that what it shows has changed. There is one at most, and it goes when another page is shown.

use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use web_sys::HtmlFormElement;

use super::{Session, Shown, Start, ask, navigator::How};
use crate::{
    api::{PlainPage, ReadPlainPage},
    domain::{ApiError, Code, RoomId},
    ui::{browser, notices},
};

/// Which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Plain {
    /// *me*'s settings.
    Mine,
    /// A room's.
    Room(RoomId),
}

/// What is known of the plain page that is shown. A handle.
#[derive(Clone, Copy)]
pub struct PlainPane {
    pub title: RwSignal<String>,
    /// What it shows by now, where that is not what it began with.
    pub renewed: RwSignal<Option<String>>,
    /// What a form in it has made, to be shown this once.
    made: StoredValue<Option<String>>,
}

impl PlainPane {
    pub fn new(title: String) -> Self {
        Self {
            title: RwSignal::new(title),
            renewed: RwSignal::new(None),
            made: StoredValue::new(None),
        }
    }

    fn begin(self, title: &str) {
        self.title.set(title.to_owned());
        self.renewed.set(None);
        self.made.set_value(None);
    }
}

impl Session {
    /// Goes to a plain page, as soon as it is here.
    pub(super) fn go_to_plain(self, which: Plain, url: &str, how: How) {
        let navigator = self.navigator;
        if navigator.shown_untracked() == Shown::Plain(which) {
            return self.renew_plain(None);
        }
        let (asked, url) = (navigator.asks(), url.to_owned());
        spawn_local(async move {
            let answer = self.ask_for_plain(which, None).await;
            if navigator.has_asked_since(asked) {
                return;
            }
            match answer {
                Ok(page) => {
                    navigator.plain.begin(&page.title);
                    navigator.keep(Start::Plain(which, page), None, None);
                    navigator.show(Shown::Plain(which), &url, how, self);
                }
                Err(error) if error.code == Code::Offline => {
                    notices::say(
                        "That page cannot be opened just now: there is no connection to the server.",
                    );
                    if how == How::Moved {
                        browser::replace_path(&self.address(navigator.shown_untracked()));
                    }
                }
                // The server has a page that says what is in the way.
                Err(_) => browser::go_on(&self.address(Shown::Plain(which)), how != How::Push),
            }
        });
    }

    /// A form in the plain page that is shown went well, with this answer. `false` where it is not in one.
    pub fn plain_form_went_well(self, form: &HtmlFormElement, answer: &str) -> bool {
        if self.navigator.is_outdated() || !form.closest("main.plain").is_ok_and(|it| it.is_some())
        {
            return false;
        }
        // Where the answer says nothing there is nothing to be shown.
        let made = Some(answer).filter(|answer| *answer != "null");
        // What was typed into it has been said.
        _ = form.set_attribute("data-sent", "");
        if let Some(done) = form.get_attribute("data-done") {
            notices::say(&done);
        }
        self.renew_plain(made.map(str::to_owned));
        true
    }

    /// Brings the plain page that is shown up to date. `made` is what a form in it has just made, if it has.
    pub fn renew_plain(self, made: Option<String>) {
        let (navigator, pane) = (self.navigator, self.navigator.plain);
        let Shown::Plain(which) = navigator.shown_untracked() else {
            return;
        };
        if made.is_some() {
            pane.made.set_value(made);
        }
        spawn_local(async move {
            let answer = self.ask_for_plain(which, pane.made.get_value()).await;
            if navigator.shown_untracked() != Shown::Plain(which) {
                return;
            }
            match answer {
                Ok(page) => {
                    // The room's name may be another.
                    browser::replace_path(&self.address(Shown::Plain(which)));
                    pane.title.set(page.title);
                    pane.renewed.set(Some(page.html));
                }
                Err(error) if error.code == Code::Offline => {}
                Err(_) => browser::reload(),
            }
        });
    }

    async fn ask_for_plain(
        self,
        which: Plain,
        made: Option<String>,
    ) -> Result<PlainPage, ApiError> {
        let me = self.me.get_value();
        let room = match which {
            Plain::Mine => None,
            Plain::Room(room) => Some(room.to_string()),
        };
        let mut arguments = vec![("me", &*me)];
        arguments.extend(room.as_ref().map(|room| ("room", room.as_str())));
        arguments.extend(made.as_ref().map(|made| ("made", made.as_str())));
        ask::<ReadPlainPage>(&arguments).await
    }
}
