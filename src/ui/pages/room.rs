//! A room: its conversation, composer and members, with *me*'s other rooms beside it.

use leptos::prelude::*;

use crate::{
    domain::{Room, RoomPage as Page},
    ui::{
        parts::{
            Banner, Clock, Composer, FormError, Icon, InvitationCopy, LeaveHint, LiveRoom,
            MemberList, OnlineCount, RoomNav, Sheet, Timeline, Typing,
        },
        paths,
    },
};

/// The page of one room, as `me` sees it.
#[component]
pub fn RoomPage(
    me: String,
    page: Page,
    /// All rooms of *me*'s, the latest active first.
    rooms: Vec<Room>,
    clock: Clock,
    sheet: Sheet,
    /// Why the room could not be left, where that was tried.
    leaving: Option<String>,
) -> impl IntoView {
    let Room { id, name, .. } = page.room.clone();
    view! {
        <LiveRoom me=me.clone() page>
            <div class="room">
                <aside class="side" id="rooms-side" popover="auto">
                    <nav aria-labelledby="rooms-title">
                        <h2 id="rooms-title">"Rooms"</h2>
                        <p class="all-rooms">
                            <a href=paths::dashboard(&me)>{Icon::Back.view()} "All rooms"</a>
                        </p>
                        <RoomNav rooms />
                    </nav>
                    <Close side="rooms-side" />
                </aside>
                <main id="main" class="conversation" tabindex="-1">
                    <header class="room-head">
                        <h1 class="clip" dir="auto" title=name.clone()>
                            {name.clone()}
                        </h1>
                        <div class="room-doors">
                            <button type="button" class="quiet to-rooms" popovertarget="rooms-side">
                                {Icon::Back.view()}
                                <span class="word">"Rooms"</span>
                            </button>
                            <button type="button" class="quiet to-members" popovertarget="members-side">
                                <OnlineCount />
                                <span class="hush">" online, "</span>
                                <span class="word">"Members"</span>
                            </button>
                        </div>
                    </header>
                    <Timeline clock />
                    <Banner />
                    <Composer sheet />
                    <Typing />
                </main>
                <aside class="side" id="members-side" popover="auto" aria-label="About this room">
                    <MemberList />
                    <div class="side-end">
                        <h2>"Invite"</h2>
                        <InvitationCopy />
                        <form class="leave" action="/api/leave_room" method="post" data-room=name>
                            <input type="hidden" name="me" value=me />
                            <input type="hidden" name="room" value=id.to_string() />
                            <FormError error=leaving />
                            <button type="submit" class="quiet danger" aria-describedby="leave-hint">
                                "Leave room"
                            </button>
                            <LeaveHint />
                        </form>
                    </div>
                    <Close side="members-side" />
                </aside>
            </div>
        </LiveRoom>
    }
}

/// Closes a drawer, for those who cannot press Escape or beside it.
#[component]
fn Close(side: &'static str) -> impl IntoView {
    view! {
        <button type="button" class="quiet side-close" popovertarget=side popovertargetaction="hide">
            "Close"
        </button>
    }
}
