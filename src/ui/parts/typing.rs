//! Who is typing.

use leptos::prelude::*;

use crate::ui::session::Conversation;

/// One line that is always there, so that nothing moves when it has something to say.
#[component]
pub fn Typing(conversation: Conversation) -> impl IntoView {
    view! { <p class="typing">{move || conversation.typing.with(|who| sentence(who))}</p> }
}

fn sentence(who: &[String]) -> Option<String> {
    match who {
        [] => None,
        [one] => Some(format!("{one} is typing")),
        [one, two] => Some(format!("{one} and {two} are typing")),
        [one, two, three] => Some(format!("{one}, {two} and {three} are typing")),
        [one, two, others @ ..] => Some(format!(
            "{one}, {two} and {} others are typing",
            others.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_become_a_number() {
        let said = |count: usize| sentence(&["ann", "bob", "cy", "di"].map(String::from)[..count]);
        assert_eq!(said(0), None);
        assert_eq!(said(1).as_deref(), Some("ann is typing"));
        assert_eq!(said(2).as_deref(), Some("ann and bob are typing"));
        assert_eq!(said(3).as_deref(), Some("ann, bob and cy are typing"));
        assert_eq!(said(4).as_deref(), Some("ann, bob and 2 others are typing"));
    }
}
