//! A stretch of network between a process and what it needs, that can be cut, stalled, or made to lose, double, delay and
//! swap messages of NATS, or change them to what a newer program might say.

#![allow(
    dead_code,
    reason = "the server's tests and the benchmark each need another part of it"
)]

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::AbortHandle,
    time::sleep,
};

use serde_json::{Value, json};

/// What happens to what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// Connections end, and new ones do.
    Cut,
    /// Nothing goes through, and nobody is told.
    Stalled,
    /// Every so many'th message from NATS …
    Lost(u64),
    Doubled(u64),
    Delayed(u64, Duration),
    /// … is swapped with the next …
    Swapped(u64),
    /// … or says something besides, that this program does not understand.
    Newer(u64),
    /// What is asked of PostgreSQL is asked otherwise: these words in the place of those, which are as many bytes.
    Reworded(&'static [(&'static str, &'static str)]),
}

/// Where it leads.
#[derive(Clone)]
pub enum To {
    Nats(u16),
    Postgres(PathBuf),
}

pub struct Way {
    pub port: u16,
    weather: watch::Sender<Weather>,
    to: watch::Sender<To>,
    task: AbortHandle,
}

impl Way {
    pub async fn to(to: To) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (weather, seen) = watch::channel(Weather::Fair);
        let (to, leads) = watch::channel(to);
        let task = tokio::spawn(async move {
            loop {
                let Ok((from, _)) = listener.accept().await else {
                    return;
                };
                let (to, mut seen) = (leads.borrow().clone(), seen.clone());
                tokio::spawn(async move {
                    let mut cut = seen.clone();
                    tokio::select! {
                        // What was stalled does not get through then.
                        biased;
                        _ = cut.wait_for(|weather| *weather == Weather::Cut) => {}
                        _ = carry(from, to, &mut seen) => {}
                    }
                });
            }
        });
        Self {
            port,
            weather,
            to,
            task: task.abort_handle(),
        }
    }

    /// From now on it leads there, for those who come.
    pub fn leads(&self, to: To) {
        self.to.send_replace(to);
    }

    pub fn turns(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(from: TcpStream, to: To, weather: &mut watch::Receiver<Weather>) -> io::Result<()> {
    from.set_nodelay(true)?;
    let (mut from_in, mut from_out) = from.into_split();
    match to {
        To::Postgres(path) => {
            let (mut to_in, mut to_out) = UnixStream::connect(path).await?.into_split();
            let (mut there, mut back) = (weather.clone(), weather.clone());
            tokio::select! {
                ended = pass(&mut from_in, &mut to_out, &mut there) => ended,
                ended = pass(&mut to_in, &mut from_out, &mut back) => ended,
            }
        }
        To::Nats(port) => {
            let to = TcpStream::connect(("127.0.0.1", port)).await?;
            to.set_nodelay(true)?;
            let (to_in, mut to_out) = to.into_split();
            let mut there = weather.clone();
            tokio::select! {
                ended = pass(&mut from_in, &mut to_out, &mut there) => ended,
                ended = pass_messages(to_in, from_out, Arc::new(weather.clone())) => ended,
            }
        }
    }
}

/// Bytes as they are, as long as nothing stalls.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    weather: &mut watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes).await?;
        fair(weather).await;
        if read == 0 {
            return Ok(());
        }
        if let Weather::Reworded(words) = *weather.borrow() {
            let sent = &mut bytes[..read];
            words.iter().for_each(|(from, to)| reword(sent, from, to));
        }
        to.write_all(&bytes[..read]).await?;
    }
}

/// A statement is prepared by a few bytes that are written at once.
fn reword(sent: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut at = 0;
    while let Some(found) = find(&sent[at..], from.as_bytes()) {
        sent[at + found..][..to.len()].copy_from_slice(to.as_bytes());
        at += found + to.len();
    }
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    text.windows(words.len()).position(|here| here == words)
}

async fn fair(weather: &mut watch::Receiver<Weather>) {
    let _ = weather
        .wait_for(|weather| *weather != Weather::Stalled)
        .await;
}

/// What NATS says, message by message.
async fn pass_messages(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    weather: Arc<watch::Receiver<Weather>>,
) -> io::Result<()> {
    let (mut from, mut count, mut kept) = (BufReader::new(from), 0u64, None::<Vec<u8>>);
    let mut seen = (*weather).clone();
    loop {
        let mut line = Vec::new();
        if from.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        fair(&mut seen).await;
        let Some(length) = length_of(&line) else {
            to.write_all(&line).await?;
            continue;
        };
        let mut message = line;
        let mut payload = (&mut from).take(length + 2);
        copy(&mut payload, &mut message).await?;
        count += 1;
        let weather = *seen.borrow();
        let is_it = |every: u64| count.is_multiple_of(every);
        match weather {
            Weather::Lost(every) if is_it(every) => continue,
            Weather::Doubled(every) if is_it(every) => to.write_all(&message).await?,
            Weather::Delayed(every, by) if is_it(every) => sleep(by).await,
            Weather::Swapped(every) if is_it(every) && kept.is_none() => {
                kept = Some(message);
                continue;
            }
            Weather::Newer(every) if is_it(every) => message = newer(&message, count),
            _ => {}
        }
        to.write_all(&message).await?;
        if let Some(kept) = kept.take() {
            to.write_all(&kept).await?;
        }
    }
}

/// The message as a newer program might say it: by turns with a field more than is known, or with a kind of news more.
fn newer(message: &[u8], turn: u64) -> Vec<u8> {
    let text = std::str::from_utf8(message).expect("a message is text");
    let (head, payload) = text.split_once("\r\n").expect("a line");
    let mut said: Value = serde_json::from_str(payload).expect("a message is JSON");
    if turn.is_multiple_of(4) {
        said["since"] = "tomorrow".into();
    } else {
        let parts = said["parts"].as_array_mut().expect("parts");
        parts.push(json!({ "Tomorrow": { "room": 1 } }));
    }
    let (to, _) = head.rsplit_once(' ').expect("its length");
    let payload = said.to_string();
    format!("{to} {}\r\n{payload}\r\n", payload.len()).into_bytes()
}

/// Bytes of the payload that follows, where the line begins a message: `MSG subject sid [reply] bytes`.
fn length_of(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    line.strip_prefix("MSG ")?.rsplit(' ').next()?.parse().ok()
}
