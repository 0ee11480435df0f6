//! One socket to `/live`, for as long as a page wants one: it comes back by itself.
//!
//! Loss is told by the socket's close, by the browser's `offline`, by a page that was frozen for so long
//! that the server must have given it up, and by a send that nobody answers (the outbox calls
//! [`Connection::renew`]). After each, a new socket says `hello` and every listener picks up from its own
//! cursor, so closing a socket that might have lived on costs nothing but a round trip.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, WebSocket};

use super::{backoff, frozen};
use crate::{
    domain::{Code, RoomId, Seq},
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

/// What listeners are told.
#[derive(Clone, Debug)]
pub enum Event {
    /// How the socket is from now on.
    State(State),
    /// A new socket is open, and nothing is followed on it yet.
    Up,
    /// The socket is gone: what was under way may not have arrived.
    Down,
    Frame(ServerFrame),
}

type Listener = Rc<dyn Fn(&Event)>;

/// The socket of one identity.
pub struct Connection {
    me: String,
    state: Cell<State>,
    socket: RefCell<Option<Socket>>,
    /// Counts sockets, so that the last words of one that was given up are told from its successor's.
    generation: Cell<u32>,
    /// Whether the socket at hand has said hello.
    greeted: Cell<bool>,
    attempt: Cell<u32>,
    retry: Cell<Option<TimeoutHandle>>,
    listeners: RefCell<Vec<Listener>>,
}

/// A browser's socket and the callbacks that it holds.
struct Socket {
    raw: WebSocket,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut()>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        // Closing a socket that is closed already does nothing.
        let _ = self.raw.close();
    }
}

impl Connection {
    /// Opens a socket for `me`.
    pub fn start(me: &str) -> Rc<Self> {
        let connection = Rc::new(Self {
            me: me.to_owned(),
            state: Cell::new(State::Connecting),
            socket: RefCell::default(),
            generation: Cell::default(),
            greeted: Cell::default(),
            attempt: Cell::default(),
            retry: Cell::default(),
            listeners: RefCell::default(),
        });
        frozen::watch(&connection);
        connection.connect();
        connection
    }

    pub fn state(&self) -> State {
        self.state.get()
    }

    pub fn is_open(&self) -> bool {
        self.state() == State::Open
    }

    /// Sends a frame if the socket is open. Nothing is queued: what must not be lost is in the outbox, and
    /// all else is stale by the time the socket is back.
    pub fn send(&self, frame: &ClientFrame) -> bool {
        let socket = self.socket.borrow();
        let (true, Some(socket)) = (self.is_open(), socket.as_ref()) else {
            return false;
        };
        serde_json::to_string(frame).is_ok_and(|text| socket.raw.send_with_str(&text).is_ok())
    }

    /// Calls `listener` for every event from now on.
    pub fn listen(&self, listener: impl Fn(&Event) + 'static) {
        self.listeners.borrow_mut().push(Rc::new(listener));
    }

    /// Asks for a room's frames from just after `after`, or from its head.
    pub fn open(&self, room: RoomId, after: Option<Seq>) {
        self.send(&ClientFrame::Open { room, after });
    }

    /// The page has been waited for, or the network is there again: try at once, unless the socket is open.
    pub fn hurry(self: &Rc<Self>) {
        if matches!(self.state.get(), State::Waiting | State::Offline) {
            self.connect();
        }
    }

    /// The socket cannot be trusted any more: open another.
    pub fn renew(self: &Rc<Self>) {
        if self.state.get() != State::Refused {
            self.drop_socket();
            self.connect();
        }
    }

    /// The browser says that the network is gone.
    pub fn network_lost(self: &Rc<Self>) {
        if self.state.get() != State::Refused {
            self.drop_socket();
            self.wait(self.next_delay());
        }
    }

    fn connect(self: &Rc<Self>) {
        self.cancel_retry();
        let generation = self.generation.get().wrapping_add(1);
        self.generation.set(generation);
        self.greeted.set(false);
        // A try against the browser's word is not worth telling.
        self.become_state(if is_online() {
            State::Connecting
        } else {
            State::Offline
        });
        match Socket::open(&self.me, Rc::downgrade(self), generation) {
            Some(socket) => *self.socket.borrow_mut() = Some(socket),
            None => self.wait(self.next_delay()),
        }
    }

    fn received(self: &Rc<Self>, frame: ServerFrame) {
        match frame {
            ServerFrame::Hello { .. } => {
                self.attempt.set(0);
                self.greeted.set(true);
                self.become_state(State::Open);
                self.tell(&Event::Up);
            }
            ServerFrame::Bye {
                code: Code::NotMe, ..
            } => {
                self.refuse();
                super::go_home();
            }
            ServerFrame::Bye {
                code: Code::Restarting,
                ..
            } => {
                self.drop_socket();
                self.wait(backoff::restart_delay(js_sys::Math::random()));
            }
            frame => self.tell(&Event::Frame(frame)),
        }
    }

    fn closed(self: &Rc<Self>) {
        self.drop_socket();
        self.wait(self.next_delay());
        // A refused handshake says no more than that. The second in a row is reason to ask.
        if !self.greeted.get() && self.attempt.get() == 2 {
            self.ask_whether_still_me();
        }
    }

    fn ask_whether_still_me(self: &Rc<Self>) {
        let connection = Rc::downgrade(self);
        leptos::task::spawn_local(async move {
            if let Some(connection) = connection.upgrade()
                && super::go_home_unless_still(&connection.me).await
            {
                connection.refuse();
            }
        });
    }

    fn wait(self: &Rc<Self>, delay: Duration) {
        self.cancel_retry();
        self.become_state(if is_online() {
            State::Waiting
        } else {
            State::Offline
        });
        let connection = Rc::downgrade(self);
        let again = move || {
            if let Some(connection) = connection.upgrade() {
                connection.connect();
            }
        };
        self.retry.set(set_timeout_with_handle(again, delay).ok());
    }

    fn next_delay(&self) -> Duration {
        let attempt = self.attempt.get();
        self.attempt.set(attempt.saturating_add(1));
        backoff::delay(attempt, js_sys::Math::random())
    }

    fn refuse(&self) {
        self.cancel_retry();
        self.drop_socket();
        self.become_state(State::Refused);
    }

    fn become_state(&self, state: State) {
        if self.state.replace(state) != state {
            self.tell(&Event::State(state));
        }
    }

    fn drop_socket(&self) {
        self.generation.set(self.generation.get().wrapping_add(1));
        let socket = self.socket.borrow_mut().take();
        if socket.is_some() {
            drop(socket);
            self.tell(&Event::Down);
        }
    }

    fn cancel_retry(&self) {
        if let Some(retry) = self.retry.take() {
            retry.clear();
        }
    }

    fn tell(&self, event: &Event) {
        // A listener may add listeners.
        let listeners = self.listeners.borrow().clone();
        for listener in listeners {
            listener(event);
        }
    }
}

impl Socket {
    fn open(me: &str, connection: Weak<Connection>, generation: u32) -> Option<Self> {
        let raw = WebSocket::new(&url(me)?).ok()?;
        let current = move || {
            connection
                .upgrade()
                .filter(|it| it.generation.get() == generation)
        };
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let current = current.clone();
            move |event: MessageEvent| {
                // A frame of a newer protocol than this page's is not an error: it is left alone.
                let frame = event
                    .data()
                    .as_string()
                    .and_then(|text| serde_json::from_str(&text).ok());
                if let (Some(connection), Some(frame)) = (current(), frame) {
                    connection.received(frame);
                }
            }
        });
        let on_close = Closure::<dyn FnMut()>::new(move || {
            if let Some(connection) = current() {
                connection.closed();
            }
        });
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self {
            raw,
            _on_message: on_message,
            _on_close: on_close,
        })
    }
}

fn is_online() -> bool {
    window().navigator().on_line()
}

fn url(me: &str) -> Option<String> {
    let location = location();
    let scheme = if location.protocol().ok()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    let host = location.host().ok()?;
    Some(format!(
        "{scheme}://{host}/live?me={}",
        js_sys::encode_uri_component(me)
    ))
}
