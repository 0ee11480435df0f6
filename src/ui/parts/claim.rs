//! The form that claims a username, wherever one is needed.

use leptos::prelude::*;

use super::{Field, FormError, LastTry};
use crate::domain::{Flash, limits};

/// Textbox "Username" and button "Submit".
#[component]
pub fn ClaimForm(
    flash: Option<Flash>,
    /// Where it leads once the name is claimed; to the new name's dashboard where this is empty.
    #[prop(optional, into)]
    then: String,
) -> impl IntoView {
    let last = LastTry::at("claim_username", flash.as_ref());
    let error = last.error_besides(&["username"]);
    view! {
        <form class="claim" action="/api/claim_username" method="post" aria-label="Claim a username">
            {(!then.is_empty()).then(|| view! { <input type="hidden" name="then" value=then /> })}
            <Field
                id="username"
                label="Username"
                name="username"
                last
                hint=format!("Up to {} characters, no spaces. It is yours until you give it up.", limits::USERNAME_CHARS)
                autocomplete="username"
            />
            <FormError error />
            <button type="submit">"Submit"</button>
        </form>
    }
}
