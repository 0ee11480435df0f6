//! The choice of a reaction: six at hand, and all emoji by their names. Those are loaded when somebody opens it.

use leptos::{
    ev::{KeyboardEvent, MouseEvent, SubmitEvent},
    html,
    prelude::*,
    task::spawn_local,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlButtonElement, HtmlElement};

use super::{
    LastTry,
    case::lowercase,
    html::{attribute, element, push_text},
    target::Target,
    textbox::focus_composer,
};
use crate::{
    domain::{QUICK_REACTIONS, Seq},
    ui::{browser, session::Conversation},
};

/// Where all emoji are: a line each, `😀 grinning face;smile happy`, and `= Name` before each group.
const ALL: &str = "/emoji.txt";
/// Found emoji that are shown at most.
const FOUND: usize = 64;
/// How many stand beside one another.
const COLUMNS: i32 = 8;

#[component]
pub fn EmojiPicker(conversation: Conversation, seq: Seq) -> impl IntoView {
    let refused = conversation.refused.get_untracked();
    let refused = refused.filter(|flash| flash.message() == Some(seq));
    let last = LastTry::at("react", refused.as_ref());
    let typed = last.error_of("emoji").map(|_| last.typed("emoji"));
    let wrong = typed.is_some().then_some("true");
    let typed = typed.unwrap_or_default();
    let words = RwSignal::new(typed.clone());
    let all = RwSignal::new(None::<Result<String, ()>>);
    let (search, found) = (NodeRef::<html::Input>::new(), NodeRef::<html::Div>::new());
    Effect::new(move || {
        spawn_local(async move {
            let text = browser::get(ALL).await.map_err(|_| ());
            _ = all.try_set(Some(text));
        });
    });
    Effect::new(move || {
        if let Some(search) = search.get() {
            browser::focus_in_place(&search);
        }
    });
    let choose = move |emoji: &str| {
        conversation.react(seq, emoji.to_owned(), true);
        conversation.doing.set(None);
        focus_composer(conversation);
    };
    let quick = move |event: MouseEvent| {
        event.prevent_default();
        if let Some(button) = button_of(&event) {
            choose(&button.value());
        }
    };
    let first = move |event: SubmitEvent| {
        event.prevent_default();
        let button = found
            .get_untracked()
            .and_then(|found| found.query_selector("button").ok().flatten());
        if let Some(button) = button {
            choose(&button.unchecked_into::<HtmlButtonElement>().value());
        }
    };
    let pressed = move |event: MouseEvent| {
        if let Some(button) = button_of(&event) {
            choose(&button.value());
        }
    };
    let list = move || match all.get() {
        None => "<p>Loading…</p>".to_owned(),
        Some(Err(())) => "<p role=\"alert\">The list could not be loaded.</p>".to_owned(),
        Some(Ok(text)) => matching(&text, &words.read()),
    };
    view! {
        <div class="picker" role="group" aria-label="Choose a reaction">
            <form class="quick" action="/api/react" method="post">
                <Target conversation seq />
                <input type="hidden" name="on" value="true" />
                {QUICK_REACTIONS
                    .map(|emoji| {
                        view! {
                            <button name="emoji" value=emoji class="icon-button" on:click=quick>
                                {emoji}
                            </button>
                        }
                    })
                    .collect_view()}
            </form>
            <form class="search" action="/api/react" method="post" on:submit=first>
                <Target conversation seq />
                <input type="hidden" name="on" value="true" />
                <input
                    type="search"
                    name="emoji"
                    aria-label="Search emoji"
                    placeholder="Search emoji"
                    autocomplete="off"
                    autofocus
                    value=typed
                    aria-invalid=wrong
                    node_ref=search
                    on:input=move |event| words.set(event_target_value(&event))
                    on:keydown=move |event: KeyboardEvent| {
                        if event.key() == "ArrowDown" && let Some(found) = found.get_untracked() {
                            event.prevent_default();
                            focus_nth(&found, 0);
                        }
                    }
                />
            </form>
            <div
                class="emoji"
                role="group"
                aria-label="Emoji"
                node_ref=found
                inner_html=list
                on:click=pressed
                on:keydown=move |event: KeyboardEvent| {
                    if let Some(found) = found.get_untracked() {
                        walk(&event, &found);
                    }
                }
            ></div>
        </div>
    }
}

/// Buttons for the emoji whose names have all of these words, or for all of them by group.
fn matching(all: &str, words: &str) -> String {
    let words = lowercase(words);
    let words: Vec<_> = words.split_whitespace().collect();
    let mut html = String::new();
    let mut found = 0;
    for line in all.lines() {
        if let Some(group) = line.strip_prefix("= ") {
            if words.is_empty() {
                element(&mut html, "h4", group);
            }
            continue;
        }
        let Some((emoji, names)) = line.split_once(' ') else {
            continue;
        };
        let has = |word: &&str| {
            names
                .split([' ', ';', '-', ':'])
                .any(|name| lowercase(name).starts_with(*word))
        };
        if words.iter().all(has) || words == [emoji] {
            let name = names.split(';').next().unwrap_or_default();
            html.push_str("<button type=\"button\"");
            attribute(&mut html, " tabindex", if found == 0 { "0" } else { "-1" });
            attribute(&mut html, " value", emoji);
            attribute(&mut html, " aria-label", name);
            attribute(&mut html, " title", name);
            html.push('>');
            push_text(&mut html, emoji);
            html.push_str("</button>");
            found += 1;
            if !words.is_empty() && found == FOUND {
                break;
            }
        }
    }
    if found == 0 {
        html.push_str("<p role=\"status\">No emoji has that name.</p>");
    }
    html
}

/// Arrows go from emoji to emoji.
fn walk(event: &KeyboardEvent, found: &Element) {
    let step = match &*event.key() {
        "ArrowRight" => 1,
        "ArrowLeft" => -1,
        "ArrowDown" => COLUMNS,
        "ArrowUp" => -COLUMNS,
        _ => return,
    };
    let (Some(at), Ok(buttons)) = (
        document().active_element(),
        found.query_selector_all("button"),
    ) else {
        return;
    };
    let buttons_at = (0..buttons.length()).position(|index| {
        buttons
            .get(index)
            .is_some_and(|button| button.is_same_node(Some(&at)))
    });
    if let Some(place) = buttons_at {
        event.prevent_default();
        focus_nth(found, place as i32 + step);
    }
}

fn focus_nth(found: &Element, index: i32) {
    let buttons = found.query_selector_all("button").ok();
    let button = u32::try_from(index)
        .ok()
        .and_then(|index| buttons?.get(index)?.dyn_into::<HtmlElement>().ok());
    button.inspect(browser::focus);
}

fn button_of(event: &MouseEvent) -> Option<HtmlButtonElement> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest("button").ok()??.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &str = "= Faces\n😀 grinning face;smile happy\n😂 face with tears of joy;lol\n= Animals\n🐱 cat face\n";

    fn shown(words: &str) -> Vec<String> {
        let html = matching(SOME, words);
        let values = html.split("value=\"").skip(1);
        values
            .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn emoji_are_found_by_the_beginnings_of_all_words() {
        assert_eq!(shown("face gr"), ["😀"]);
        assert_eq!(shown("LOL"), ["😂"]);
        assert_eq!(shown("🐱"), ["🐱"]);
        assert_eq!(shown("").len(), 3);
        assert!(matching(SOME, "zebra").contains("No emoji"));
        assert!(matching(SOME, "").contains("<h4>Animals</h4>"));
    }
}
