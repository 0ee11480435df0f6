//! The ways into a name that is somebody's already: a passphrase, a passkey, or a pass from another browser.

use leptos::prelude::*;

use crate::{
    domain::Flash,
    ui::parts::{Field, FormError, Icon, LastTry, PlainSecret},
};

#[component]
pub fn SignInPage(flash: Option<Flash>) -> impl IntoView {
    let by_passphrase = LastTry::at("sign_in", flash.as_ref());
    let by_pass = LastTry::at("use_pass", flash.as_ref());
    view! {
        <main id="main" class="page plain" tabindex="-1">
            <h1>"Sign in"</h1>
            <section class="card">
                <form action="/api/sign_in" method="post" aria-label="Sign in">
                    <Field
                        id="username"
                        label="Username"
                        name="username"
                        last=by_passphrase.clone()
                        autocomplete="username"
                    />
                    <PlainSecret
                        id="passphrase"
                        label="Passphrase"
                        name="passphrase"
                        last=by_passphrase.clone()
                        autocomplete="current-password"
                    />
                    <FormError error=by_passphrase.error_besides(&["username", "passphrase"]) />
                    <button type="submit">"Sign in"</button>
                </form>
            </section>
            <section class="card needs-passkeys" aria-labelledby="by-passkey">
                <h2 id="by-passkey">"With a passkey"</h2>
                <div>
                    <button type="button" class="quiet" data-does="use-passkey">
                        {Icon::Key.view()}
                        "Sign in with a passkey"
                    </button>
                </div>
            </section>
            <section class="card" aria-labelledby="by-pass">
                <h2 id="by-pass">"With a pass"</h2>
                <form action="/api/use_pass" method="post" aria-labelledby="by-pass">
                    <PlainSecret
                        id="pass"
                        label="Pass"
                        name="pass"
                        last=by_pass.clone()
                        hint="Where you are signed in already, the settings have “Let another browser in”: it makes one."
                    />
                    <FormError error=by_pass.error_besides(&["pass"]) />
                    <button type="submit">"Come in"</button>
                </form>
            </section>
        </main>
    }
}
