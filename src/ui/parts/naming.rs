//! Completes members' names in the composer: what follows an `@` that begins a word.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::case::lowercase;
use crate::{
    domain::limits,
    ui::{browser, session::Conversation},
};

/// Names that are offered at most.
const OFFERED: usize = 6;

/// What is being typed after an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Typed {
    /// Where the `@` stands, in UTF-16 units, as the browser counts.
    at: usize,
    /// Those who may be meant.
    names: Vec<String>,
}

/// A handle on the names that are offered in one composer.
#[derive(Clone, Copy)]
pub struct Naming {
    conversation: Conversation,
    input: NodeRef<html::Textarea>,
    typed: RwSignal<Option<Typed>>,
    chosen: RwSignal<usize>,
}

impl Naming {
    pub fn new(conversation: Conversation, input: NodeRef<html::Textarea>) -> Self {
        Self {
            conversation,
            input,
            typed: RwSignal::new(None),
            chosen: RwSignal::new(0),
        }
    }

    /// Looks at what has been typed.
    pub fn look(self) {
        let typed = self.input.get_untracked().and_then(|input| {
            let caret = input.selection_start().ok()?? as usize;
            let units: Vec<u16> = input.value().encode_utf16().take(caret).collect();
            let before = String::from_utf16_lossy(&units);
            let begun = begun(&before)?;
            let names = self.offered(begun);
            let at = caret - begun.encode_utf16().count() - 1;
            (!names.is_empty()).then_some(Typed { at, names })
        });
        self.chosen.set(0);
        self.typed.set(typed);
    }

    pub fn forget(self) {
        self.typed.set(None);
    }

    /// Takes a key that is about the names, and says whether it was.
    pub fn key(self, event: &KeyboardEvent) -> bool {
        let Some(count) = self
            .typed
            .with_untracked(|typed| Some(typed.as_ref()?.names.len()))
        else {
            return false;
        };
        match &*event.key() {
            "ArrowDown" => self.chosen.update(|chosen| *chosen = (*chosen + 1) % count),
            "ArrowUp" => self
                .chosen
                .update(|chosen| *chosen = (*chosen + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => self.take(self.chosen.get_untracked()),
            "Escape" => self.forget(),
            _ => return false,
        }
        event.prevent_default();
        true
    }

    /// The id of the name that Enter would take.
    pub fn active(self) -> Option<String> {
        self.typed.read().as_ref()?;
        Some(self.option(self.chosen.get()))
    }

    /// The id of the list, while there is one.
    pub fn list(self) -> Option<String> {
        self.typed.read().as_ref()?;
        Some(format!("names-{}", self.conversation.id()))
    }

    fn option(self, index: usize) -> String {
        format!("name-{}-{index}", self.conversation.id())
    }

    /// Writes a name out.
    fn take(self, index: usize) {
        let (Some(typed), Some(input)) = (self.typed.get_untracked(), self.input.get_untracked())
        else {
            return;
        };
        let Some(name) = typed.names.get(index) else {
            return;
        };
        let caret = input.selection_start().ok().flatten().unwrap_or_default();
        let words = format!("@{name} ");
        let from = typed.at as u32;
        _ = input.set_range_text_with_start_and_end_and_mode(&words, from, caret, "end");
        self.forget();
        browser::focus(&input);
        browser::tell_input(&input);
    }

    fn offered(self, begun: &str) -> Vec<String> {
        let begun = lowercase(begun);
        let me = self.conversation.session.me.get_value();
        self.conversation.members.with_untracked(|members| {
            let names = members.iter().map(|member| &member.name);
            let meant = |name: &&String| **name != me && lowercase(name).starts_with(&begun);
            names.filter(meant).take(OFFERED).cloned().collect()
        })
    }
}

/// The name that has been begun just before the caret, without its `@`.
fn begun(before: &str) -> Option<&str> {
    let (ahead, begun) = before.rsplit_once('@')?;
    let begins_a_word = ahead
        .chars()
        .next_back()
        .is_none_or(|char| !char.is_alphanumeric() && char != '@');
    let may_be_a_name = !begun.contains('\n')
        && !begun.starts_with(' ')
        && begun.chars().count() <= limits::USERNAME_CHARS;
    (begins_a_word && may_be_a_name).then_some(begun)
}

/// The names that are offered, above the composer.
#[component]
pub fn Names(naming: Naming) -> impl IntoView {
    let names = Memo::new(move |_| {
        let typed = naming.typed.read();
        typed.as_ref().map(|typed| typed.names.clone())
    });
    move || {
        names.get().map(|names| {
            let choice = |(index, name): (usize, String)| {
                view! {
                    <li
                        id=naming.option(index)
                        role="option"
                        aria-selected=move || (naming.chosen.get() == index).to_string()
                        dir="auto"
                        on:mousedown=move |event| {
                            // The keyboard's place stays in the box.
                            event.prevent_default();
                            naming.take(index);
                        }
                    >
                        {name}
                    </li>
                }
            };
            view! {
                <ul class="names" id=naming.list() role="listbox" aria-label="Names">
                    {names.into_iter().enumerate().map(choice).collect_view()}
                </ul>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_begun_by_an_at_that_begins_a_word() {
        assert_eq!(begun("hi @bo"), Some("bo"));
        assert_eq!(begun("@"), Some(""));
        assert_eq!(begun("(@bob the b"), Some("bob the b"));
        for other in ["", "bo", "mail@bo", "@@bo", "hi @ there", "@bob\nx"] {
            assert_eq!(begun(other), None, "{other}");
        }
        assert_eq!(begun(&format!("@{}", "x".repeat(33))), None);
    }
}
