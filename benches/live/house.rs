//! A Latchkey database with as many people, rooms and messages as a measurement needs, made in seconds: the
//! server makes the file, and rows are put in while it is down. Nobody's key is ever checked this way, which
//! no measurement is about.

use std::{fs, path::Path, process::Command};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::{
    load::Visitor,
    peers::{MOVED_TO, Peer},
};

/// A room: who is in it, and how many messages it has.
pub struct Room {
    pub members: std::ops::Range<usize>,
    pub messages: u64,
}

/// Makes the database in `folder`: users `u0`, `u1` …, rooms `r0`, `r1` … with ids from 1.
pub fn furnish(folder: &Path, tools: &Path, users: usize, rooms: &[Room]) -> Result<(), String> {
    Peer::Latchkey.start(tools, folder)?.stop();
    fill(&folder.join("latchkey.db"), users, rooms).map_err(|error| error.to_string())
}

fn fill(file: &Path, users: usize, rooms: &[Room]) -> rusqlite::Result<()> {
    let mut connection = Connection::open(file)?;
    let change = connection.transaction()?;
    for user in 0..users {
        change
            .prepare_cached(
                "INSERT INTO users (id, name, folded, created_at) VALUES (?1, ?2, ?2, 0)",
            )?
            .execute(params![user + 1, name(user)])?;
        change
            .prepare_cached(
                "INSERT INTO sessions (token_hash, user_id, created_at, used_at) VALUES (?1, ?2, 0, 0)",
            )?
            .execute(params![
                <[u8; 32]>::from(Sha256::digest(token(user))),
                user + 1
            ])?;
    }
    for (index, room) in rooms.iter().enumerate() {
        let id = index + 1;
        change
            .prepare_cached(
                "INSERT INTO rooms (id, name, folded, owner_id, key_hash, created_at)
                 VALUES (?1, ?2, ?2, ?3, '', 0)",
            )?
            .execute(params![id, format!("r{index}"), room.members.start + 1])?;
        for user in room.members.clone() {
            change
                .prepare_cached("INSERT INTO members (room_id, user_id, joined_at, seen) VALUES (?1, ?2, 0, ?3)")?
                .execute(params![id, user + 1, room.messages])?;
        }
        for seq in 1..=room.messages {
            let message = (u128::try_from(id).unwrap_or_default() << 64) | u128::from(seq);
            let author = room.members.start
                + usize::try_from(seq / 3).unwrap_or_default() % room.members.len()
                + 1;
            change
                .prepare_cached(
                    "INSERT INTO entries (room_id, seq, author_id, id, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    id,
                    seq,
                    author,
                    message.to_be_bytes(),
                    1_790_000_000_000 + i64::try_from(seq).unwrap_or_default() * 20_000,
                    body(seq),
                ])?;
        }
    }
    change.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Moves that database into PostgreSQL, and says where in the folder.
pub fn move_to(folder: &Path, url: &str) -> Result<(), String> {
    let moved = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .arg("move")
        .arg("--from")
        .arg(folder.join("latchkey.db"))
        .args(["--to", url])
        .output()
        .map_err(|error| error.to_string())?;
    if !moved.status.success() {
        return Err(String::from_utf8_lossy(&moved.stderr).into_owned());
    }
    fs::write(folder.join(MOVED_TO), url).map_err(|error| error.to_string())
}

/// The same words in all, and now and then one more.
fn body(seq: u64) -> String {
    let rare = if seq % 5_000 == 7 { " Zephyr!" } else { "" };
    format!(
        "Message {seq}: the quick brown fox jumps over the lazy dog, and the dog does not mind.{rare}"
    )
}

fn name(user: usize) -> String {
    format!("u{user}")
}

fn token(user: usize) -> String {
    format!("token-of-u{user}")
}

/// The cookie that proves to be a user.
pub fn cookie(user: usize) -> String {
    let digest = Sha256::digest(name(user));
    format!(
        "Cookie: latchkey-{}={}\r\n",
        BASE64_URL_SAFE_NO_PAD.encode(&digest[..12]),
        token(user)
    )
}

/// A socket of a user's that follows a room.
pub fn visitor(user: usize, room: usize, port: u16) -> Visitor {
    Visitor {
        room,
        id: i64::try_from(room).unwrap_or_default() + 1,
        path: format!("/live?me={}", name(user)),
        headers: format!("Origin: http://127.0.0.1:{port}\r\n{}", cookie(user)),
    }
}
