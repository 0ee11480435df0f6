//! A room: its conversation, composer and members, with *me*'s other rooms beside it.

use leptos::{html, prelude::*};
use uuid::Uuid;

use crate::{
    domain::{Flash, RoomPage as Page, Seq},
    ui::{
        aim::Aim,
        browser,
        parts::{
            Asked, Clock, Composer, Confirm, CutOff, FormError, Icon, InvitationCopy, LastTry,
            MemberList, OnlineCount, RoomDoor, RoomNav, Sheet, Taps, Timeline, Typing,
            focus_composer, leave_hint,
        },
        paths,
        session::{Conversation, Plain, Session, Shown},
    },
};

/// *me*'s rooms, beside whichever is open.
#[component]
pub fn RoomsSide(session: Session, in_room: Memo<bool>, clock: RwSignal<Clock>) -> impl IntoView {
    let dashboard = session.me.with_value(|me| paths::dashboard(me));
    view! {
        <aside class="side" id="rooms-side" popover="auto" hidden=move || !in_room.get()>
            <nav aria-labelledby="rooms-title">
                <div class="side-head">
                    <h2 id="rooms-title">"Rooms"</h2>
                    <a href=dashboard>"All rooms"</a>
                </div>
                <RoomNav session clock />
            </nav>
            <Close side="rooms-side".to_owned() />
        </aside>
    }
}

/// The page of one room.
#[component]
pub fn RoomPage(
    session: Session,
    page: Page,
    /// The message to begin at, where it is not the newest.
    at: Option<Seq>,
    /// The message that it is about, where it is about one.
    aim: Option<Aim>,
    /// The id that the message which is written on the page will have.
    sheet: Uuid,
    /// What was refused the last time, where something was.
    flash: Option<Flash>,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let id = page.room.id;
    let conversation = Conversation::open(session, page, at);
    let sheet = Sheet::after(flash.as_ref(), sheet);
    let leaving = LastTry::at("leave_room", flash.as_ref()).error_besides(&[]);
    conversation.refused.set(flash);
    if let Some(aim) = aim {
        conversation.take_aim(aim);
    }
    let elsewhere = untrack(|| conversation.refusal_elsewhere());
    Effect::new(move || untrack(|| conversation.go_live()));
    let here = Memo::new(move |_| session.navigator.shown() == Shown::Room(id));
    let heading = NodeRef::<html::H1>::new();
    Effect::new(move || {
        if session.navigator.arrivals() > 0 && here.get_untracked() {
            let shut = untrack(|| !conversation.may_post());
            match heading.get_untracked() {
                Some(heading) if shut || browser::is_touched() => browser::focus_in_place(&heading),
                _ => focus_composer(conversation),
            }
        }
    });
    let terms = conversation.terms;
    let name = Memo::new(move |_| terms.read().name.clone());
    let topic = Memo::new(move |_| terms.read().topic.clone());
    let members_side = format!("members-side-{id}");
    view! {
        <div class="pane" inert=move || !here.get()>
            <main id=move || here.get().then_some("main") class="conversation" tabindex="-1">
                <header class="room-head">
                    <div class="lane open">
                        <button type="button" class="icon-button to-rooms" popovertarget="rooms-side">
                            {Icon::Back.view()}
                            <span class="hush">"Rooms"</span>
                            <Elsewhere session />
                        </button>
                        {move || {
                            let name = name.get();
                            view! { <RoomDoor name=&name /> }
                        }}
                        <div class="title">
                            <h1 class="clip" dir="auto" title=name tabindex="-1" node_ref=heading>
                                {name}
                            </h1>
                            <p class="clip" dir="auto" title=topic hidden=move || topic.read().is_empty()>
                                {topic}
                            </p>
                        </div>
                        <a
                            class="icon-button"
                            href=session.me.with_value(|me| paths::search(me, ""))
                            title="Search"
                        >
                            {Icon::Search.view()}
                            <span class="hush">"Search"</span>
                        </a>
                        <a
                            class="icon-button"
                            href=move || {
                                name.track();
                                session.address(Shown::Plain(Plain::Room(id)))
                            }
                            title="Room settings"
                        >
                            {Icon::Settings.view()}
                            <span class="hush">"Room settings"</span>
                        </a>
                        <button type="button" class="quiet to-members" popovertarget=members_side.clone()>
                            <OnlineCount conversation />
                            <span class="hush">" online, Members"</span>
                        </button>
                    </div>
                </header>
                <Timeline conversation clock />
                <div class="foot">
                    <CutOff
                        link=session.link
                        meanwhile=" What you write waits here and is sent as soon as the connection is back."
                    />
                    <FormError error=elsewhere />
                    <Composer conversation sheet />
                    {move || {
                        (!conversation.may_post())
                            .then(|| {
                                view! { <p class="shut">"Only its owner and moderators write in this room."</p> }
                            })
                    }}
                    <Typing conversation />
                </div>
            </main>
            <aside class="side members-side" id=members_side.clone() popover="auto" aria-label="About this room">
                <MemberList conversation />
                <div class="side-end">
                    <Taps session room=Some(id) />
                    <h2>"Invite"</h2>
                    <InvitationCopy conversation />
                    <Leave conversation error=leaving />
                </div>
                <Close side=members_side.clone() />
            </aside>
        </div>
    }
}

/// How much waits in other rooms, where something does.
#[component]
fn Elsewhere(session: Session) -> impl IntoView {
    let waiting = Memo::new(move |_| match session.navigator.shown() {
        Shown::Dashboard | Shown::Plain(_) => 0,
        Shown::Room(room) => session.waiting_besides(Some(room)).0,
    });
    move || {
        (waiting.get() > 0).then(|| {
            view! {
                <span class="count">{waiting.get()} <span class="hush">" new elsewhere"</span></span>
            }
        })
    }
}

#[component]
fn Leave(conversation: Conversation, error: Option<String>) -> impl IntoView {
    let me = conversation.session.me.get_value();
    let room = conversation.id();
    let title = Signal::derive(move || ["Leave ", &*conversation.terms.read().name, "?"].concat());
    let id = format!("leave-{room}-here");
    let Asked(asked) = expect_context();
    // Where the question is open, it covers what is beside its button.
    let asks = asked.with_untracked(|asked| asked.as_ref() == Some(&id));
    let (inside, beside) = if asks { (error, None) } else { (None, error) };
    view! {
        <FormError error=beside />
        <Confirm
            id
            opener="Leave room"
            class="quiet danger"
            icon=Icon::Leave
            title
            text="To come back you need its key."
            hint=leave_hint(conversation)
            action="/api/leave_room"
            fields=vec![("me", me), ("room", room.to_string())]
            button="Leave room"
            error=inside
        />
    }
}

/// Closes a drawer, for those who cannot press Escape or beside it.
#[component]
fn Close(side: String) -> impl IntoView {
    view! {
        <button type="button" class="quiet side-close" popovertarget=side popovertargetaction="hide">
            "Close"
        </button>
    }
}
