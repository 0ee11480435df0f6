//! Pages of *me*'s that are rarely seen: the server renders them, with plain forms and no script, and here they are
//! panes of that HTML. Nothing in one is kept alive: it is asked for again after a form in it went well, and when the
//! socket tells that what it shows has changed. There is one at most, and it goes when another page is shown.

use leptos::{prelude::*, task::spawn_local};
use serde::{Deserialize, Serialize};
use web_sys::HtmlFormElement;

use super::{Session, Shown, ask, navigator::How};
use crate::{
    api::{PlainPage, ReadPlainPage},
    domain::{ApiError, Code, RoomId},
    ui::{browser, notices},
};

/// The attribute of a form in a plain page that was sent and not refused.
pub const SENT: &str = "data-sent";

/// Which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Plain {
    /// *me*'s settings.
    Mine,
    /// A room's.
    Room(RoomId),
    Search,
}

/// What is known of the plain page that is shown. A handle.
#[derive(Clone, Copy)]
pub struct PlainPane {
    pub title: RwSignal<String>,
    /// What it shows by now, where that is not what it began with.
    pub renewed: RwSignal<Option<String>>,
    /// What is searched for, and from which hit on: the address of the search page.
    pub sought: StoredValue<(String, Option<String>)>,
    /// What a form in it has made, to be shown this once.
    made: StoredValue<Option<String>>,
    /// Whether a form in it is on its way.
    waits: StoredValue<bool>,
    /// How often it was asked for since it was on its way.
    asks: StoredValue<u32>,
}

impl PlainPane {
    pub fn new(title: String) -> Self {
        Self {
            title: RwSignal::new(title),
            renewed: RwSignal::new(None),
            sought: StoredValue::default(),
            made: StoredValue::new(None),
            waits: StoredValue::new(false),
            asks: StoredValue::new(0),
        }
    }

    fn begin(self, title: &str) {
        self.title.set(title.to_owned());
        self.renewed.set(None);
        self.made.set_value(None);
        self.waits.set_value(false);
    }
}

impl Session {
    /// Goes to a plain page, as soon as it is here.
    pub(super) fn go_to_plain(self, which: Plain, url: &str, how: How) {
        let navigator = self.navigator;
        let (asked, url) = (navigator.asks(), url.to_owned());
        spawn_local(async move {
            let answer = self.ask_for_plain(which, None).await;
            if navigator.has_asked_since(asked) {
                return;
            }
            match answer {
                Ok(page) => {
                    navigator.plain.begin(&page.title);
                    navigator.show_plain(which, page, &url, how, self);
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

    /// A form is on its way, perhaps one in the plain page that is shown: what comes of it belongs beside it, so the
    /// page stays as it is until then.
    pub(super) fn plain_form_sent(self, form: &HtmlFormElement) {
        if form.closest("main.plain").is_ok_and(|it| it.is_some()) {
            _ = form.set_attribute(SENT, "");
            self.navigator.plain.waits.set_value(true);
        }
    }

    pub(super) fn plain_form_refused(self, form: &HtmlFormElement) {
        _ = form.remove_attribute(SENT);
        self.navigator.plain.waits.set_value(false);
    }

    /// A form went well, with this answer. `false` where it is not in a plain page.
    pub fn plain_form_went_well(self, form: &HtmlFormElement, answer: &str) -> bool {
        self.navigator.plain.waits.set_value(false);
        if self.navigator.is_outdated() || !form.has_attribute(SENT) {
            return false;
        }
        if let Some(done) = form.get_attribute("data-done") {
            notices::say(&done);
        }
        // Where the answer says nothing there is nothing to be shown.
        let made = Some(answer).filter(|answer| *answer != "null");
        self.renew_plain(made.map(str::to_owned));
        true
    }

    /// What a plain page shows has changed.
    pub(super) fn is_stale(self, which: Plain) {
        let waits = self.navigator.plain.waits.get_value();
        if !waits && self.navigator.shown_untracked() == Shown::Plain(which) {
            self.renew_plain(None);
        }
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
        // One at a time: what changes meanwhile is asked for after it.
        let asks = pane.asks.try_update_value(|asks| {
            *asks += 1;
            *asks
        });
        if asks != Some(1) {
            return;
        }
        spawn_local(async move {
            let answer = self.ask_for_plain(which, pane.made.get_value()).await;
            let asked = pane.asks.try_update_value(std::mem::take);
            if navigator.shown_untracked() != Shown::Plain(which) {
                return;
            }
            if asked.is_some_and(|asked| asked > 1) {
                return self.renew_plain(None);
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
        let (me, url) = (self.me.get_value(), self.address(Shown::Plain(which)));
        let mut arguments = vec![("me", &*me), ("url", &*url)];
        arguments.extend(made.as_ref().map(|made| ("made", made.as_str())));
        ask::<ReadPlainPage>(&arguments).await
    }
}
