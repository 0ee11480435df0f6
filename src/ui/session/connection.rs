//! One socket to `/live`, for as long as the document wants one: it comes back by itself.
//!
//! One task owns it: it reads the socket as a stream of frames, and writes to it what comes in over a channel.
//! Loss is told by the stream's end, by the browser's `offline`, by a page that was frozen for so long that the
//! server must have given it up, and by a send that nobody answers (the outboxes call [`Connection::renew`]).
//! After each, a new socket says `hello` and every room picks up from its own cursor, so closing a socket that
//! might have lived on costs nothing but a round trip.

use std::{pin::pin, time::Duration};

use futures::{
    SinkExt, StreamExt,
    channel::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
    future::{Either, select},
};
use gloo_net::websocket::{Message, futures::WebSocket};
use leptos::{prelude::*, task::spawn_local};

use super::{
    backoff,
    frozen::{self, Sign},
};
use crate::{
    domain::Code,
    protocol::{ClientFrame, ServerFrame},
};

/// How the socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A socket is being opened.
    Connecting,
    /// The server has said hello.
    Open,
    /// The next try comes by itself.
    Waiting,
    /// The browser says that there is no network. Tries go on, in case it is mistaken.
    Offline,
    /// This browser does not hold the identity any more. There will be no other try.
    Refused,
}

/// What the connection tells.
#[derive(Clone, Debug)]
pub enum Event {
    /// How the socket is from now on.
    State(State),
    /// A new socket is open, and nothing is followed on it yet.
    Up {
        /// Which build of the server it is.
        build: String,
        /// What is announced to everybody.
        notice: Option<String>,
    },
    /// The socket is gone: what was under way may not have arrived.
    Down,
    /// The server does not know *me* any more.
    Refused,
    Frame(ServerFrame),
}

enum Command {
    Send(String),
    Renew,
    /// Do not wait for the next try.
    Hurry,
    Offline,
}

/// A handle on the socket of one identity.
#[derive(Clone)]
pub struct Connection(UnboundedSender<Command>);

impl Connection {
    /// Opens a socket for `me`, and tells all that comes of it.
    pub fn start(me: &str, tell: impl Fn(Event) + 'static) -> Self {
        let (commands, received) = mpsc::unbounded();
        let connection = Self(commands);
        let noticed = connection.clone();
        frozen::watch(move |sign| {
            noticed.command(match sign {
                Sign::Frozen => Command::Renew,
                Sign::Wanted => Command::Hurry,
                Sign::Offline => Command::Offline,
            });
        });
        let task = Task {
            url: url(me),
            commands: received,
            tell,
            state: State::Connecting,
            attempt: 0,
        };
        spawn_local(task.run(me.to_owned()));
        connection
    }

    /// Writes a frame, if the socket is open by then.
    pub fn send(&self, frame: &ClientFrame) {
        if let Ok(text) = serde_json::to_string(frame) {
            self.command(Command::Send(text));
        }
    }

    /// The socket cannot be trusted any more: open another.
    pub fn renew(&self) {
        self.command(Command::Renew);
    }

    fn command(&self, command: Command) {
        // Where the task has ended there is no connection to be had.
        _ = self.0.unbounded_send(command);
    }
}

/// Why a socket has come to its end.
enum End {
    /// Another is to be opened at once.
    Renewed,
    Lost {
        /// Whether the server had said hello.
        greeted: bool,
    },
    Restarting,
    Refused,
}

struct Task<T> {
    url: String,
    commands: UnboundedReceiver<Command>,
    tell: T,
    state: State,
    /// Counts tries since the last hello.
    attempt: u32,
}

impl<T: Fn(Event)> Task<T> {
    async fn run(mut self, me: String) {
        loop {
            // A try against the browser's word is not worth telling.
            self.become_state(if is_online() {
                State::Connecting
            } else {
                State::Offline
            });
            let end = self.one_socket().await;
            (self.tell)(Event::Down);
            let delay = match end {
                End::Renewed => continue,
                End::Restarting => backoff::restart_delay(js_sys::Math::random()),
                End::Lost { greeted } => {
                    let delay = self.next_delay();
                    // A refused handshake says no more than that. The second in a row is reason to ask.
                    if !greeted && self.attempt == 2 && super::go_home_unless_still(&me).await {
                        return self.become_state(State::Refused);
                    }
                    delay
                }
                End::Refused => {
                    self.become_state(State::Refused);
                    return (self.tell)(Event::Refused);
                }
            };
            self.wait(delay).await;
        }
    }

    /// Opens a socket and serves it until it ends.
    async fn one_socket(&mut self) -> End {
        let mut greeted = false;
        let Ok(mut socket) = WebSocket::open(&self.url) else {
            return End::Lost { greeted };
        };
        loop {
            match select(socket.next(), self.commands.next()).await {
                Either::Left((Some(Ok(Message::Text(text))), _)) => {
                    match serde_json::from_str(&text) {
                        Ok(ServerFrame::Hello { build, notice, .. }) => {
                            greeted = true;
                            self.attempt = 0;
                            self.become_state(State::Open);
                            (self.tell)(Event::Up { build, notice });
                        }
                        Ok(ServerFrame::Bye { code, .. }) => match code {
                            Code::NotMe => return End::Refused,
                            Code::Restarting => return End::Restarting,
                            _ => {}
                        },
                        Ok(frame) => (self.tell)(Event::Frame(frame)),
                        // A frame of a newer protocol than this page's is not an error: it is left alone.
                        Err(_) => {}
                    }
                }
                Either::Left((Some(Ok(Message::Bytes(_))), _)) => {}
                Either::Left((None | Some(Err(_)), _)) => return End::Lost { greeted },
                Either::Right((Some(Command::Send(text)), _)) => {
                    // Whether it arrives is told by its answer, or by the socket's end.
                    if greeted {
                        _ = socket.send(Message::Text(text)).await;
                    }
                }
                Either::Right((Some(Command::Hurry), _)) => {}
                Either::Right((Some(Command::Renew), _)) => return End::Renewed,
                Either::Right((Some(Command::Offline) | None, _)) => return End::Lost { greeted },
            }
        }
    }

    /// Waits for the next try: for so long, or until it is wanted.
    async fn wait(&mut self, mut delay: Duration) {
        loop {
            self.become_state(if is_online() {
                State::Waiting
            } else {
                State::Offline
            });
            let mut over = pin!(pause(delay));
            loop {
                match select(over.as_mut(), self.commands.next()).await {
                    Either::Right((Some(Command::Send(_)), _)) => {}
                    Either::Right((Some(Command::Offline), _)) => break,
                    _ => return,
                }
            }
            delay = self.next_delay();
        }
    }

    fn next_delay(&mut self) -> Duration {
        let attempt = self.attempt;
        self.attempt = attempt.saturating_add(1);
        backoff::delay(attempt, js_sys::Math::random())
    }

    fn become_state(&mut self, state: State) {
        if self.state != state {
            self.state = state;
            (self.tell)(Event::State(state));
        }
    }
}

async fn pause(delay: Duration) {
    let (done, over) = oneshot::channel();
    // Whoever does not wait any more has dropped the other end.
    set_timeout(move || _ = done.send(()), delay);
    _ = over.await;
}

fn is_online() -> bool {
    window().navigator().on_line()
}

fn url(me: &str) -> String {
    let location = location();
    let scheme = if location.protocol().is_ok_and(|it| it == "https:") {
        "wss"
    } else {
        "ws"
    };
    let host = location.host().unwrap_or_default();
    let me = js_sys::encode_uri_component(me);
    format!("{scheme}://{host}/live?me={me}")
}
