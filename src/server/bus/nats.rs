//! The connection to NATS, and what becomes of what is said and heard on it.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use async_nats::{Client, ConnectOptions, connection};
use futures::StreamExt;
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    feed::{Feed, ToTell},
    peers::{ASKED_EVERY, Heard, Peers},
    state::State,
    wire::{self, Message, Part},
};
use crate::server::{
    config::{Credentials, NatsAddress},
    live::{Live, ProcessId, Sighting},
    rates::Limits,
    store::{Journal, SharedStore, StoreError},
};

/// How often latest values are told, and, where there is nothing to tell, that this process is there.
const TICK: Duration = Duration::from_millis(100);
const BEAT: Duration = Duration::from_millis(500);
/// What NATS does not take in this time is not said. The others find out.
const PROMPT: Duration = Duration::from_millis(250);
/// Messages that wait to be looked at, at most.
const HEARD: usize = 65_536;
/// From one attempt to connect to the next, at most.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a goodbye may take.
pub const GOODBYE: Duration = Duration::from_secs(1);
/// Sightings told at once.
const SIGHTINGS: usize = 1_000;

/// Why a process cannot be put on the bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("cannot connect to NATS: {0}")]
    Connect(#[from] async_nats::ConnectError),
    #[error("cannot listen to NATS: {0}")]
    Subscribe(#[from] async_nats::SubscribeError),
    #[error("cannot ask the database who it is: {0}")]
    Store(#[from] StoreError),
    #[error("cannot make a random number: {0}")]
    Random(#[from] getrandom::Error),
    #[error("the feed is told to another bus already")]
    Taken,
}

/// What is said and heard, for as long as the process runs.
pub struct Post {
    pub live: Arc<Live>,
    pub store: Arc<dyn SharedStore>,
    pub limits: Arc<Limits>,
    pub state: Arc<State>,
    pub stop: Arc<Notify>,
}

/// What this process says.
struct Voice {
    client: Client,
    subject: String,
    me: ProcessId,
    /// Of the last message.
    number: u64,
    spoke: Instant,
    /// Whether somebody wants to know who is here, and when that was last told whole.
    asked: bool,
    told: Instant,
}

impl Post {
    /// Connects, or goes on trying to, and answers what then runs until it is told to stop.
    ///
    /// # Errors
    /// Where the address is none, or the store cannot be asked who it is.
    pub async fn run(
        self,
        address: &NatsAddress,
        feed: &Feed,
    ) -> Result<impl Future<Output = ()> + use<>, BusError> {
        let mut to_tell = feed.to_tell().ok_or(BusError::Taken)?;
        // Servers that share a NATS do not hear each other.
        let subject = format!("latchkey.{}", self.store.name().await?);
        let client = self.options(address).connect(address.servers()).await?;
        let mut heard = client.subscribe(subject.clone()).await?;
        let me = random()?;
        let mut voice = Voice {
            client,
            subject,
            me,
            number: 0,
            spoke: Instant::now(),
            asked: true,
            told: Instant::now(),
        };
        Ok(async move {
            let mut peers = Peers::new(me);
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let stop = self.stop.clone();
            let mut stopped = pin!(stop.notified());
            loop {
                tokio::select! {
                    biased;
                    () = &mut stopped => break,
                    _ = ticks.tick() => self.tick(&mut voice, &mut peers, &to_tell).await,
                    Some(commit) = to_tell.commits.recv() => {
                        voice.say(&commit.epoch, &commit.parts).await;
                    }
                    Some(message) = heard.next() => {
                        voice.asked |= self.hear(&mut peers, &message.payload);
                    }
                    else => break,
                }
            }
            while let Ok(commit) = to_tell.commits.try_recv() {
                voice.say(&commit.epoch, &commit.parts).await;
            }
            voice.say(&self.store.epoch(), &[Part::Goodbye]).await;
            let _ = timeout(GOODBYE, voice.client.flush()).await;
        })
    }

    fn options(&self, address: &NatsAddress) -> ConnectOptions {
        let state = self.state.clone();
        let shown = match address.credentials() {
            None => ConnectOptions::new(),
            Some(Credentials::Password { user, password }) => {
                ConnectOptions::with_user_and_password(user, password)
            }
            Some(Credentials::Token(token)) => ConnectOptions::with_token(token),
        };
        shown
            .name("latchkey")
            .retry_on_initial_connect()
            .max_reconnects(None)
            .ping_interval(Duration::from_secs(2))
            .connection_timeout(Duration::from_secs(2))
            .subscription_capacity(HEARD)
            .reconnect_delay_callback(|attempts| {
                let doubled = 1 << attempts.min(5);
                (Duration::from_millis(50) * doubled).min(AGAIN)
            })
            .event_callback(move |event| {
                let state = state.clone();
                async move {
                    tracing::info!(%event, "NATS");
                    match event {
                        async_nats::Event::Connected => {
                            state.connected.store(true, Ordering::Relaxed);
                            state.wanted.all();
                        }
                        async_nats::Event::Disconnected | async_nats::Event::Closed => {
                            state.connected.store(false, Ordering::Relaxed);
                            state.wanted.all();
                        }
                        _ => {}
                    }
                }
            })
    }

    /// Takes a message, and answers whether it asks who is here.
    fn hear(&self, peers: &mut Peers, payload: &[u8]) -> bool {
        let now = Instant::now();
        let Ok(Message {
            from,
            number,
            epoch,
            parts,
        }) = serde_json::from_slice::<Message>(payload)
        else {
            // Of another program, an other version's, or broken: the next one of its sender tells that it was missed.
            tracing::debug!("a message on the bus was not understood");
            return false;
        };
        let heard = peers.hear(from, number, now);
        let mut asked = false;
        match heard {
            Heard::Echo => {
                self.state.echoed();
                return false;
            }
            Heard::Missed(missed) => {
                tracing::debug!(
                    from,
                    missed,
                    "messages on the bus were missed, or a process is new"
                );
                self.state.missed.fetch_add(missed, Ordering::Relaxed);
                self.store.forget();
                self.state.wanted.all();
            }
            Heard::Next | Heard::Late => {}
        }
        // One of the two has not found out yet that a standby took over: what then is so is read.
        let ours = epoch.is_none_or(|epoch| *epoch == *self.store.epoch());
        if !ours {
            self.state.wanted.all();
        }
        for part in parts {
            if (heard == Heard::Late && !part.keeps()) || (!ours && part.is_of_the_data()) {
                continue;
            }
            match part {
                Part::Event(event) => {
                    self.store.heard(&event);
                    self.live.committed(event);
                }
                Part::Here { all, sightings } => {
                    if all {
                        self.live.forget_process(from);
                    }
                    self.live.sighted_elsewhere(from, sightings);
                }
                Part::Typing { room, name } => self.live.types_elsewhere(room, &name),
                Part::Announced(said) => self.live.announced_elsewhere(said),
                Part::Tried(tried) => self.limits.heard(&tried),
                Part::WhoIsThere(process) => asked |= process == peers.me(),
                Part::Goodbye => {
                    peers.forget(from);
                    self.live.forget_process(from);
                    self.state.wanted.all();
                }
            }
        }
        self.live.settled();
        asked
    }

    fn all_here(&self) -> Vec<Part> {
        let mut parts = here(self.live.all_here());
        match parts.first_mut() {
            Some(Part::Here { all, .. }) => *all = true,
            _ => parts.push(Part::Here {
                all: true,
                sightings: Vec::new(),
            }),
        }
        parts
    }

    /// Tells latest values, and that this process is there; forgets those that are not.
    async fn tick(&self, voice: &mut Voice, peers: &mut Peers, to_tell: &ToTell) {
        let now = Instant::now();
        for process in peers.silent(now) {
            tracing::warn!(process, "another process has been silent for too long");
            self.live.forget_process(process);
            self.live.settled();
            self.store.forget();
            self.state.wanted.all();
        }
        let asked = peers.whom_to_ask(now);
        let peers = u64::try_from(peers.count()).unwrap_or(u64::MAX);
        self.state.peers.store(peers, Ordering::Relaxed);
        // Whoever hears the next number knows that these are missing.
        voice.number += to_tell.lost.swap(0, Ordering::Relaxed);
        let mut parts = here(self.live.news());
        if voice.asked && now.saturating_duration_since(voice.told) >= ASKED_EVERY {
            (voice.asked, voice.told) = (false, now);
            // All who are here now, what is news included.
            parts = self.all_here();
            parts.extend(self.live.announced_last().map(Part::Announced));
        }
        let typing = self.live.typing().into_iter();
        parts.extend(typing.map(|(room, name)| Part::Typing { room, name }));
        parts.extend(self.live.announced().map(Part::Announced));
        parts.extend(asked.into_iter().map(Part::WhoIsThere));
        parts.extend(self.limits.news().into_iter().map(Part::Tried));
        if !parts.is_empty() || now.saturating_duration_since(voice.spoke) >= BEAT {
            voice.say(&self.store.epoch(), &parts).await;
        }
    }
}

fn here(sightings: Vec<Sighting>) -> Vec<Part> {
    let some = sightings.chunks(SIGHTINGS).map(|some| Part::Here {
        all: false,
        sightings: some.to_vec(),
    });
    some.collect()
}

impl Voice {
    /// Says it, unless NATS is away: then it is as if it had been lost on the way.
    async fn say(&mut self, epoch: &str, parts: &[Part]) {
        self.spoke = Instant::now();
        for message in wire::messages(self.me, &mut self.number, epoch, parts) {
            if self.client.connection_state() != connection::State::Connected {
                continue;
            }
            let said = self.client.publish(self.subject.clone(), message.into());
            if !matches!(timeout(PROMPT, said).await, Ok(Ok(()))) {
                tracing::warn!("NATS did not take a message");
            }
        }
    }
}

fn random() -> Result<ProcessId, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
