//! A stretch of network between a process and what it needs, that can be cut, stalled, or made to lose, double, delay and
//! swap messages of NATS.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::AbortHandle,
    time::sleep,
};

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
    /// … is swapped with the next.
    Swapped(u64),
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
        to.write_all(&bytes[..read]).await?;
    }
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
            _ => {}
        }
        to.write_all(&message).await?;
        if let Some(kept) = kept.take() {
            to.write_all(&kept).await?;
        }
    }
}

/// Bytes of the payload that follows, where the line begins a message: `MSG subject sid [reply] bytes`.
fn length_of(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    line.strip_prefix("MSG ")?.rsplit(' ').next()?.parse().ok()
}
