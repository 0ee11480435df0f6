//! *me*'s settings: how they get into their name, and where they are.

use leptos::prelude::*;

use crate::ui::{
    parts::{PlainHead, Reader},
    paths,
};

#[component]
pub fn Settings(reader: Reader) -> impl IntoView {
    let me = reader.me;
    view! {
        <PlainHead to=paths::dashboard(&me) back="Rooms">
            "Settings"
        </PlainHead>
    }
}
