//! Where no page is, and where one is not for this browser.

use leptos::prelude::*;

use crate::{
    domain::{ApiError, Code},
    ui::{parts::Doorway, paths},
};

/// The title of [`NotFound`].
pub const NOWHERE: &str = "No door here";

/// The title of [`Refused`].
pub fn title_of(error: &ApiError) -> &'static str {
    match error.code {
        Code::NotMe => "This name is not yours here",
        Code::NoSuchRoom => "This door is locked",
        _ => "That did not work",
    }
}

/// The page for a path that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Dead title=NOWHERE>
            <p>"This address leads nowhere. It may be mistyped, or what it led to is gone."</p>
            <p>
                <a class="button" href=paths::home()>
                    "Go to the start"
                </a>
            </p>
        </Dead>
    }
}

/// The page in place of one that could not be shown: what is in the way, and where to go from here. `me` is
/// whom it was asked for as, and `room` the name of the room that was asked for, where there were any.
#[component]
pub fn Refused(error: ApiError, me: Option<String>, room: Option<String>) -> impl IntoView {
    let title = title_of(&error);
    match (error.code, me) {
        (Code::NotMe, Some(me)) => view! {
            <Dead title>
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
        (Code::NoSuchRoom, Some(me)) => view! {
            <Dead title>
                <p>{error.message}</p>
                <p class="choices">
                    {room
                        .map(|room| {
                            view! {
                                <a class="button" href=paths::invite_as(&room, &me)>
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
            <Dead title>
                <p role="alert">{error.message}</p>
                <p>
                    <a class="button" href="">
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
        <main id="main" class="dead" tabindex="-1">
            <Doorway />
            <h1>{title}</h1>
            {children()}
        </main>
    }
}
