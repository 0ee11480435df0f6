//! (g) Pages, and (j) searches, over HTTP: a few connections, each asking again as soon as it has its answer.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use serde_json::{Value, json};

use super::{
    house::{self, Room},
    peers::Peer,
    work::{Bench, spread},
};

const CONNECTIONS: usize = 16;
const FEW: u64 = 100;
const MANY: u64 = 1_000_000;

struct Asker {
    stream: TcpStream,
    answer: Vec<u8>,
    asked: Instant,
    /// Which of the questions it has asked.
    about: usize,
}

impl Bench<'_> {
    pub fn pages(&self) -> Result<Value, String> {
        let rooms = [FEW, MANY].map(|messages| Room {
            members: 0..10,
            messages,
        });
        let (server, ..) = self.start(Peer::Latchkey, 10, rooms)?;
        let page = |room: usize| {
            format!(
                "GET /@u0/rooms/r{room} HTTP/1.1\r\nHost: h\r\n{}\r\n",
                house::cookie(0)
            )
        };
        let history = |room: usize, before: u64| {
            call(
                "history",
                &format!("me=u0&room={}&before={before}&limit=50", room + 1),
            )
        };
        let seconds = Duration::from_secs(self.pace.seconds);
        let ask = |questions: &[&dyn Fn(u64) -> String]| {
            closed_loop(server.port, CONNECTIONS, questions, seconds)
        };
        // Both rooms in the same seconds, question by question, so that both have the same noise.
        let [few_page, many_page] = ask(&[&|_| page(0), &|_| page(1)])?
            .try_into()
            .unwrap_or_default();
        let anywhere = |n: u64| 51 + n.wrapping_mul(2_654_435_761) % (MANY - 51);
        let [few_history, many_history] =
            ask(&[&|n| history(0, 51 + n % 50), &|n| history(1, anywhere(n))])?
                .try_into()
                .unwrap_or_default();
        Ok(json!({
            "room_page": { "100": few_page, "1000000": many_page },
            "history": { "100": few_history, "1000000": many_history },
        }))
    }

    /// A million messages in a hundred rooms, all of them u0's.
    pub fn search(&self) -> Result<Value, String> {
        let rooms = (0..100).map(|_| Room {
            members: 0..10,
            messages: MANY / 100,
        });
        let (server, ..) = self.start(Peer::Latchkey, 10, rooms)?;
        let search = |words: &str| call("search", &format!("me=u0&words={words}"));
        let questions: [(&str, &dyn Fn(u64) -> String); 5] = [
            ("common", &|_| search("fox")),
            ("rare", &|_| search("zephyr")),
            ("phrase", &|_| search("%22lazy+dog%22")),
            ("prefix", &|_| search("zeph*")),
            ("nothing", &|_| search("walrus")),
        ];
        let asked = questions.map(|(_, question)| question);
        let seconds = Duration::from_secs(self.pace.seconds);
        let figures = closed_loop(server.port, 1, &asked, seconds)?;
        let named = questions
            .iter()
            .zip(figures)
            .map(|((name, _), figures)| ((*name).to_owned(), figures));
        Ok(Value::Object(named.collect()))
    }
}

/// One call of the API as u0.
fn call(endpoint: &str, form: &str) -> String {
    format!(
        "POST /api/{endpoint} HTTP/1.1\r\nHost: h\r\n{}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        house::cookie(0),
        form.len()
    )
}

/// Asks the questions in turn; the figures of each.
fn closed_loop(
    port: u16,
    connections: usize,
    questions: &[&dyn Fn(u64) -> String],
    duration: Duration,
) -> Result<Vec<Value>, String> {
    let failed = |error: io::Error| error.to_string();
    let mut poll = Poll::new().map_err(failed)?;
    let mut events = Events::with_capacity(64);
    let mut askers = Vec::new();
    for index in 0..connections {
        let mut stream = TcpStream::connect(([127, 0, 0, 1], port).into()).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        poll.registry()
            .register(
                &mut stream,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )
            .map_err(failed)?;
        askers.push(Asker {
            stream,
            answer: Vec::new(),
            asked: Instant::now(),
            about: usize::MAX,
        });
    }
    let mut buffer = vec![0; 256 * 1024];
    let mut took = vec![Vec::new(); questions.len()];
    let mut bytes = vec![0; questions.len()];
    let mut asked = 0;
    let begun = Instant::now();
    while begun.elapsed() < duration {
        poll.poll(&mut events, Some(Duration::from_millis(100)))
            .map_err(failed)?;
        for event in &events {
            let asker = &mut askers[event.token().0];
            let mut ask = asker.about == usize::MAX && event.is_writable();
            while event.is_readable() {
                match asker.stream.read(&mut buffer) {
                    Ok(0) => return Err("the server closed a connection".to_owned()),
                    Ok(n) => asker.answer.extend_from_slice(&buffer[..n]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(failed(error)),
                }
                if whole(&asker.answer)? {
                    took[asker.about].push(asker.asked.elapsed().as_nanos() as u64);
                    bytes[asker.about] = asker.answer.len();
                    asker.answer.clear();
                    ask = true;
                    break;
                }
            }
            if ask {
                asker.about = asked as usize % questions.len();
                let question = questions[asker.about](asked);
                asked += 1;
                asker.asked = Instant::now();
                asker
                    .stream
                    .write_all(question.as_bytes())
                    .map_err(failed)?;
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    Ok(took
        .iter_mut()
        .zip(bytes)
        .map(|(took, bytes)| {
            let answers = took.len();
            json!({
                // As if only this were asked: the others had their share of the time.
                "per_second": (answers * questions.len()) as f64 / seconds,
                "us": spread(took),
                "bytes": bytes,
            })
        })
        .collect())
}

/// Whether an answer is complete: by its length, or by its last chunk.
fn whole(answer: &[u8]) -> Result<bool, String> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200") {
        return Err(format!(
            "answered {}",
            head.lines().next().unwrap_or_default()
        ));
    }
    let length = head.lines().find_map(|line| {
        line.strip_prefix("content-length: ")?
            .trim()
            .parse::<usize>()
            .ok()
    });
    Ok(match length {
        Some(length) => answer.len() >= end + 4 + length,
        None => answer.ends_with(b"\r\n0\r\n\r\n"),
    })
}
