//! The form that claims a username, wherever one is needed.

use leptos::{form::ActionForm, prelude::*};

use super::{About, Field, FormError, Post};
use crate::{
    api::{ClaimUsername, Claimed},
    domain::limits,
};

/// Textbox "Username" and button "Submit".
#[component]
pub fn ClaimForm(
    /// What to do in the browser once the name is ours.
    done: impl Fn(String) + 'static,
    /// Where a plain form goes then; the new name's dashboard where this is empty.
    #[prop(optional, into)]
    then: String,
) -> impl IntoView {
    let post = Post::<ClaimUsername>::new(move |claimed: Claimed| done(claimed.username));
    view! {
        <ActionForm action=post.action attr:class="claim" attr:aria-label="Claim a username">
            {(!then.is_empty()).then(|| view! { <input type="hidden" name="then" value=then /> })}
            <Field
                id="username"
                label="Username"
                name="username"
                about=About::Username
                refusal=post.refusal
                value=post.typed("username")
                hint=format!("Up to {} characters, no spaces. It is yours until you log out.", limits::USERNAME_CHARS)
                autocomplete="username"
            />
            <FormError refusal=post.refusal fields=&[About::Username] />
            <button type="submit" disabled=post.pending>
                "Submit"
            </button>
        </ActionForm>
    }
}
