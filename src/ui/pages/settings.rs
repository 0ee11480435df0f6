//! *me*'s settings: how they get into their name, and where they are.

use leptos::{either::Either, prelude::*};

use crate::{
    domain::{Hold, Millis, Pass, Passkey, limits},
    ui::{
        parts::{
            Clock, FormError, Icon, LastTry, PlainAsk, PlainForm, PlainHead, PlainLink,
            PlainSecret, PlainSection, Reader, machine,
        },
        paths,
    },
};

/// What is to be known of the ways into *me*'s name.
pub struct Ways {
    /// Where *me* is signed in, the latest used first.
    pub holds: Vec<Hold>,
    pub passphrase: bool,
    pub passkeys: Vec<Passkey>,
    /// What has just been made, where something was.
    pub pass: Option<MadePass>,
}

/// A pass, as it is shown this once.
pub struct MadePass {
    pub pass: Pass,
    /// This server's address.
    pub origin: String,
    /// What has become of it.
    pub state: PassState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassState {
    Open,
    Used,
    TooOld,
}

#[component]
pub fn Settings(reader: Reader, ways: Ways) -> impl IntoView {
    let me = reader.me.clone();
    let Ways {
        holds,
        passphrase,
        passkeys,
        pass,
    } = ways;
    let hint = format!(
        "A pass signs one other browser in as @{me}, once, within {} minutes. Both stay signed in.",
        limits::PASS_MINUTES,
    );
    let no_pass = refused(&reader, "new_pass");
    let not_given_up = refused(&reader, "give_up_username");
    let (clock, for_pass, giving_up) = (reader.clock, reader.clone(), reader.clone());
    view! {
        <PlainHead to=paths::dashboard(&me) back="Rooms">
            "Settings"
        </PlainHead>
        <Sessions reader=reader.clone() holds />
        <PlainSection id="another" title="Let another browser in">
            <p class="hint">{hint}</p>
            <PlainForm id="new-pass" action="new_pass" reader=for_pass>
                <FormError error=no_pass />
                <button type="submit">"Let another browser in"</button>
            </PlainForm>
            {pass.map(|made| view! { <ShownPass made clock /> })}
        </PlainSection>
        <Passphrase reader=reader.clone() is_set=passphrase />
        <Passkeys reader passkeys />
        <PlainSection id="give-up" title="Give up the name" danger=true>
            <p class="hint">
                "Logging out leaves a name yours. Giving it up does not: it becomes free, and anyone may claim it."
            </p>
            <PlainAsk
                id="give-up-name"
                opener="Give up the name"
                label=format!("Give up {me}")
                title=format!("Give up @{me}?")
                text="You are signed out everywhere and leave all your rooms. A room you own passes to the member who \
                      has been in it longest, moderators first; one with no other member is deleted, with its messages. \
                      What you said elsewhere stays, under this name."
                action="give_up_username"
                reader=giving_up
                button="Give up the name"
                error=not_given_up
            />
        </PlainSection>
    }
}

#[component]
fn Sessions(reader: Reader, holds: Vec<Hold>) -> impl IntoView {
    let last_way_in = refused(&reader, "log_out");
    let (not_ended, not_all_ended) = (
        refused(&reader, "end_session"),
        refused(&reader, "end_other_sessions"),
    );
    let others = holds.iter().any(|hold| !hold.here);
    let of_others = reader.clone();
    let row = move |hold: Hold| {
        let action = if hold.here { "log_out" } else { "end_session" };
        let also = if hold.here {
            Vec::new()
        } else {
            vec![("session", hold.id.to_string())]
        };
        let error = last_way_in.clone().filter(|_| hold.here);
        view! {
            <li class="way">
                <p>
                    <b>{called(&hold.browser)}</b>
                    " "
                    {hold.here.then(|| view! { <span class="tag">"this browser"</span> })}
                </p>
                <p class="hint">
                    "Since " {time(reader.clock, hold.since)}
                    {if hold.here {
                        Either::Left(())
                    } else {
                        Either::Right(view! { ", last seen " {time(reader.clock, hold.last)} })
                    }}
                </p>
                <PlainForm
                    id=format!("session-{}", hold.id)
                    action
                    reader=reader.clone()
                    also
                    done="Signed out."
                >
                    <FormError error />
                    <button type="submit" class="quiet" id=format!("end-session-{}", hold.id)>
                        "Sign out"
                    </button>
                </PlainForm>
            </li>
        }
    };
    view! {
        <PlainSection id="sessions" title="Where you are signed in">
            <FormError error=not_ended />
            <ul class="ways" aria-labelledby="sessions">
                {holds.into_iter().map(row).collect_view()}
            </ul>
            {others
                .then(|| {
                    view! {
                        <PlainForm
                            id="others"
                            action="end_other_sessions"
                            reader=of_others
                            done="Signed out everywhere else."
                        >
                            <FormError error=not_all_ended />
                            <button type="submit" class="quiet">
                                "Sign out everywhere else"
                            </button>
                        </PlainForm>
                    }
                })}
        </PlainSection>
    }
}

#[component]
fn ShownPass(made: MadePass, clock: Clock) -> impl IntoView {
    let MadePass {
        pass,
        origin,
        state,
    } = made;
    let link = origin + &paths::sign_in_with_pass(&pass.pass);
    match state {
        PassState::Open => Either::Left(view! {
            <PlainLink id="pass" link>
                "Open this in the other browser. It is good until " {time(clock, pass.expires)}
                ", for whoever has it: send it to nobody else."
            </PlainLink>
        }),
        PassState::Used | PassState::TooOld => Either::Right(view! {
            <p class="made" role="status">
                {if state == PassState::Used {
                    "The pass was used: the other browser is signed in."
                } else {
                    "The pass was not used in time."
                }}
            </p>
        }),
    }
}

#[component]
fn Passphrase(reader: Reader, is_set: bool) -> impl IntoView {
    let last = LastTry::at("set_passphrase", reader.flash.as_ref());
    let error = last.error_besides(&["passphrase"]);
    let (least, most) = limits::PASSPHRASE_CHARS;
    let hint = format!(
        "It signs you in from any browser, with your name. {least} to {most} characters; nobody can send you a new one."
    );
    let (for_new, for_none) = (reader.clone(), reader);
    view! {
        <PlainSection id="by-passphrase" title="Passphrase">
            {is_set.then(|| view! { <p>"This name has a passphrase. Setting another replaces it."</p> })}
            <PlainForm
                id="set-passphrase"
                action="set_passphrase"
                reader=for_new
                done="The passphrase is set."
            >
                <PlainSecret
                    id="passphrase"
                    label="Passphrase"
                    name="passphrase"
                    last
                    hint
                    autocomplete="new-password"
                    offer=("Suggest a passphrase", "suggest")
                />
                <FormError error />
                <button type="submit">"Set passphrase"</button>
            </PlainForm>
            {is_set
                .then(|| {
                    view! {
                        <PlainForm
                            id="remove-passphrase"
                            action="remove_passphrase"
                            reader=for_none
                            done="The passphrase is gone."
                        >
                            <button type="submit" class="quiet">
                                "Remove the passphrase"
                            </button>
                        </PlainForm>
                    }
                })}
        </PlainSection>
    }
}

#[component]
fn Passkeys(reader: Reader, passkeys: Vec<Passkey>) -> impl IntoView {
    let clock = reader.clock;
    let me = reader.me.clone();
    let none = passkeys.is_empty();
    let row = move |passkey: Passkey| {
        view! {
            <li class="way">
                <p>
                    <b>{called(&passkey.name)}</b>
                </p>
                <p class="hint">
                    "Made " {time(clock, passkey.since)} ", last used " {time(clock, passkey.last)}
                </p>
                <PlainForm
                    id=format!("passkey-{}", passkey.id)
                    action="end_passkey"
                    reader=reader.clone()
                    also=vec![("passkey", passkey.id.clone())]
                    done="The passkey is gone."
                >
                    <button type="submit" class="quiet" id=format!("end-passkey-{}", passkey.id)>
                        "Remove"
                    </button>
                </PlainForm>
            </li>
        }
    };
    view! {
        <PlainSection id="passkeys" title="Passkeys">
            <p class="hint">
                "A passkey is kept by your phone, your computer or a security key, and signs you in without a word."
            </p>
            {if none {
                Either::Left(view! { <p>"This name has no passkey."</p> })
            } else {
                Either::Right(
                    view! {
                        <ul class="ways" aria-labelledby="passkeys">
                            {passkeys.into_iter().map(row).collect_view()}
                        </ul>
                    },
                )
            }}
            <p class="needs-passkeys">
                <button type="button" id="add-passkey" data-does="add-passkey" data-me=me>
                    {Icon::Key.view()}
                    "Add a passkey"
                </button>
            </p>
            <p class="hint lacks-passkeys">"This browser can make none, or not over this connection."</p>
        </PlainSection>
    }
}

/// Why one of this page's forms was refused the last time.
fn refused(reader: &Reader, endpoint: &str) -> Option<String> {
    LastTry::at(endpoint, reader.flash.as_ref()).error_besides(&[])
}

/// What a browser is called.
fn called(browser: &str) -> String {
    if browser.is_empty() {
        "A browser or program".to_owned()
    } else {
        browser.to_owned()
    }
}

fn time(clock: Clock, at: Millis) -> impl IntoView {
    view! { <time datetime=machine(at)>{clock.full(at)}</time> }
}
