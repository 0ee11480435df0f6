//! Where no page is, and where one is not for this browser.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    domain::{ApiError, Code},
    ui::{parts::Door, paths},
};

/// The page for a path that leads nowhere. Its status is 404.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Dead title="No door here">
            <p>"This address leads nowhere. It may be mistyped, or what it led to is gone."</p>
            <p>
                <a class="button" href=paths::home()>
                    "Go to the start"
                </a>
            </p>
        </Dead>
    }
}

/// The page in place of one that could not be shown to `me`: what is in the way, and where to go from here.
/// `room` is the name of the room that was asked for, where one was. The status is already the error's.
#[component]
pub fn Refused(
    error: ApiError,
    me: String,
    #[prop(optional, into)] room: Option<String>,
) -> impl IntoView {
    match error.code {
        Code::NotMe => view! {
            <Dead title="This name is not yours here">
                <p>
                    "This browser does not hold " <strong>{format!("@{me}")}</strong>
                    ". If it is free you can claim it; if you hold other names, they are waiting at the start."
                </p>
                <p>
                    <a class="button" href=paths::home()>
                        "Claim or choose a name"
                    </a>
                </p>
            </Dead>
        }
        .into_any(),
        Code::NoSuchRoom => view! {
            <Dead title="This door is locked">
                <p>{error.message}</p>
                <p class="choices">
                    {room
                        .map(|room| {
                            view! {
                                <a class="button" href=paths::invite(&room)>
                                    "I have its key"
                                </a>
                            }
                        })}
                    <a class="button quiet" href=paths::dashboard(&me)>
                        "Your rooms"
                    </a>
                </p>
            </Dead>
        }
        .into_any(),
        _ => view! {
            <Dead title="That did not work">
                <p role="alert">{error.message}</p>
                <p>
                    // A fresh load is what trying again means here.
                    <a class="button" href="" rel="external">
                        "Try again"
                    </a>
                </p>
            </Dead>
        }
        .into_any(),
    }
}

#[component]
fn Dead(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <Title text=title />
        <main id="main" class="dead" tabindex="-1">
            <Door />
            <h1>{title}</h1>
            {children()}
        </main>
    }
}
