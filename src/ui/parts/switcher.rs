//! Ctrl+K, or ⌘K: a box that leads to rooms by their names, to people by way of a room they are in, and to what is
//! searched for. It is a part of the WASM of its own, which comes when somebody first asks for it.

use std::any::Any;

use futures::FutureExt;
use leptos::{
    ev::{self, KeyboardEvent, MouseEvent, SubmitEvent},
    html,
    mount::mount_to,
    prelude::*,
    task::spawn_local,
    wasm_split::{SplitLoaderError, wasm_split},
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::{
    case::lowercase,
    face::{door_html, face_html},
    html::push_text,
    icons::Icon,
};
use crate::ui::{notices, paths, session::Session};

/// Rooms, and people, that are offered at most.
const ROOMS: usize = 8;
const PEOPLE: usize = 4;

/// Opens the box whenever its keys are pressed, for as long as the page is there.
#[component]
pub fn Switcher(session: Session) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let open = StoredValue::new_local(None::<Box<dyn Any>>);
    // Not at once: what asks for it is a part of what goes.
    let close = Callback::new(move |()| spawn_local(async move { open.set_value(None) }));
    Effect::new(move || {
        window_event_listener(ev::keydown, move |event| {
            let asks =
                (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
            if !asks || !event.key().eq_ignore_ascii_case("k") {
                return;
            }
            event.prevent_default();
            spawn_local(async move {
                match (load().await, place.get_untracked()) {
                    (Ok(()), Some(place)) if place.child_element_count() == 0 => {
                        let put = put(place.into(), session, close).now_or_never();
                        open.set_value(put.and_then(Result::ok));
                    }
                    (Err(_), _) => notices::say(
                        "That could not be loaded. Try it again when the connection is back.",
                    ),
                    _ => {}
                }
            });
        });
    });
    view! { <div node_ref=place></div> }
}

/// Puts the open box into its place, until what is answered is dropped.
#[wasm_split(switcher, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
fn put(
    place: HtmlElement,
    session: Session,
    close: Callback<()>,
) -> Result<Box<dyn Any>, SplitLoaderError> {
    Ok(Box::new(mount_to(place, move || {
        view! { <Open session close /> }
    })))
}

#[component]
fn Open(session: Session, close: Callback<()>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let typed = RwSignal::new(String::new());
    let chosen = RwSignal::new(0);
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            _ = dialog.show_modal();
        }
    });
    let options = Memo::new(move |_| options(session, typed.read().trim()));
    let shut = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let go = move |index: usize| {
        let href = options.with_untracked(|options| options.get(index).map(|it| it.href.clone()));
        if let Some(href) = href {
            shut();
            session.go_to(&href);
        }
    };
    let key = move |event: KeyboardEvent| {
        let count = options.with_untracked(Vec::len).max(1);
        let step = match &*event.key() {
            "ArrowDown" => 1,
            "ArrowUp" => count - 1,
            _ => return,
        };
        event.prevent_default();
        chosen.update(|chosen| *chosen = (*chosen + step) % count);
    };
    let pressed = move |event: MouseEvent| {
        let option = || {
            let target = event.target()?.dyn_into::<Element>().ok()?;
            let option = target.closest("[role=option]").ok()??;
            option
                .get_attribute("id")?
                .strip_prefix("to-")?
                .parse()
                .ok()
        };
        if let Some(index) = option() {
            go(index);
        }
    };
    let outside = move |event: MouseEvent| {
        // What is beside the box is the dialog's own.
        let on_dialog = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlDialogElement>().ok());
        if on_dialog.is_some() {
            shut();
        }
    };
    let html = move || {
        let (options, chosen) = (options.read(), chosen.get());
        let options = options.iter().enumerate();
        options
            .map(|(index, option)| option.html(index, index == chosen))
            .collect::<String>()
    };
    view! {
        <dialog
            class="switcher"
            aria-label="Go to"
            node_ref=dialog
            on:close=move |_| close.run(())
            on:click=outside
        >
            <form
                method="dialog"
                on:submit=move |event: SubmitEvent| {
                    event.prevent_default();
                    go(chosen.get_untracked());
                }
            >
                <input
                    type="text"
                    role="combobox"
                    aria-label="Go to a room, a person or a search"
                    aria-expanded="true"
                    aria-controls="to"
                    aria-autocomplete="list"
                    aria-activedescendant=move || format!("to-{}", chosen.get())
                    placeholder="Go to a room, a person or a search"
                    autocomplete="off"
                    dir="auto"
                    on:input=move |event| {
                        chosen.set(0);
                        typed.set(event_target_value(&event));
                    }
                    on:keydown=key
                />
            </form>
            <ul id="to" role="listbox" aria-label="Places" inner_html=html on:click=pressed></ul>
        </dialog>
    }
}

/// Where one may go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    kind: Kind,
    name: String,
    /// What is to be known beside its name.
    note: String,
    href: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Room,
    Person,
    Search,
    All,
}

impl Place {
    fn html(&self, index: usize, chosen: bool) -> String {
        let mut out = format!("<li role=\"option\" id=\"to-{index}\" aria-selected=\"{chosen}\">");
        match self.kind {
            Kind::Room => door_html(&mut out, &self.name),
            Kind::Person => face_html(&mut out, &self.name),
            Kind::Search => Icon::Search.push(&mut out),
            Kind::All => Icon::Back.push(&mut out),
        }
        out.push_str("<span class=\"clip\" dir=\"auto\">");
        push_text(&mut out, &self.name);
        out.push_str("</span><span class=\"note clip\">");
        push_text(&mut out, &self.note);
        out.push_str("</span></li>");
        out
    }
}

/// Where one may go with these words, likeliest first.
fn options(session: Session, words: &str) -> Vec<Place> {
    let me = session.me.get_value();
    let folded = lowercase(words);
    let mut rooms: Vec<_> = session
        .rooms
        .all()
        .iter()
        .filter_map(|known| {
            let room = &known.summary.read().room;
            let rank = rank(&room.name, &folded)?;
            let unread = room.unread();
            let note = if unread > 0 {
                format!("{unread} new")
            } else {
                String::new()
            };
            let href = paths::room(&me, &room.name);
            let name = room.name.clone();
            // The list has the latest first; what waits comes before what does not.
            let place = Place {
                kind: Kind::Room,
                name,
                note,
                href,
            };
            Some(((rank, unread == 0), place))
        })
        .collect();
    rooms.sort_by_key(|(order, _)| *order);
    let mut places: Vec<_> = rooms
        .into_iter()
        .take(ROOMS)
        .map(|(_, place)| place)
        .collect();
    if words.is_empty() {
        let (name, href) = ("All rooms".to_owned(), paths::dashboard(&me));
        places.push(Place {
            kind: Kind::All,
            name,
            note: String::new(),
            href,
        });
        return places;
    }
    let mut people: Vec<Place> = Vec::new();
    for (room, name) in session.people() {
        let known = people.iter().any(|person| person.name == name);
        if !known && name != me && rank(&name, &folded).is_some() {
            let (note, href) = (format!("in {room}"), paths::room(&me, &room));
            people.push(Place {
                kind: Kind::Person,
                name,
                note,
                href,
            });
        }
    }
    people.truncate(PEOPLE);
    places.extend(people);
    places.push(Place {
        kind: Kind::Search,
        name: words.to_owned(),
        note: "search all messages".to_owned(),
        href: paths::search(&me, words),
    });
    places
}

/// How well a name answers to what is typed, best first: it begins so, a word of it does, it holds all the words.
fn rank(name: &str, folded: &str) -> Option<u8> {
    let name = lowercase(name);
    if name.starts_with(folded) {
        return Some(0);
    }
    let begins = |word: &str| {
        name.split(|char: char| !char.is_alphanumeric())
            .any(|part| part.starts_with(word))
    };
    let mut words = folded.split_whitespace();
    if words.clone().all(begins) {
        return Some(1);
    }
    words.all(|word| name.contains(word)).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_answer_to_their_beginnings_first() {
        assert_eq!(rank("General", "gen"), Some(0));
        assert_eq!(rank("The General", "gen"), Some(1));
        assert_eq!(rank("The General", "gen the"), Some(1));
        assert_eq!(rank("The General", "ener"), Some(2));
        assert_eq!(rank("The General", "gen x"), None);
        assert_eq!(rank("Anything", ""), Some(0));
    }
}
