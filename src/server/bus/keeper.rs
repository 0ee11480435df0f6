//! Compares what a process holds with the store: where something was missed, and every now and then, as nobody can know
//! of a message that was never sent.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::state::State;
use crate::server::{
    live::Live,
    store::{Event, Journal, SharedStore, StoreError},
};

/// From one comparison of rooms' heads to the next at most, and of members and sessions; as long as the bus is well …
const HEADS: Duration = Duration::from_secs(2);
const PEOPLE: Duration = Duration::from_secs(10);
/// … and while it is not.
const HEADS_ALONE: Duration = Duration::from_millis(500);
const PEOPLE_ALONE: Duration = Duration::from_secs(2);
/// Between two at least, whatever is missed.
const PAUSE: Duration = Duration::from_millis(200);
/// Rooms, users and sessions that are asked for at once.
const ROOMS: usize = 5_000;
const USERS: usize = 500;
const SESSIONS: usize = 5_000;

pub async fn keep(live: Arc<Live>, store: Arc<dyn SharedStore>, state: Arc<State>) {
    let (mut heads, mut people) = (Instant::now(), Instant::now());
    loop {
        let (heads_after, people_after) = if state.is_well() {
            (HEADS, PEOPLE)
        } else {
            (HEADS_ALONE, PEOPLE_ALONE)
        };
        let next = (heads + heads_after).min(people + people_after);
        let wait = next.saturating_duration_since(Instant::now());
        tokio::select! {
            () = state.wanted.wake.notified() => {}
            () = sleep(wait.max(PAUSE)) => {}
        }
        if state.wanted.people.swap(false, Ordering::AcqRel) || people.elapsed() >= people_after {
            people = Instant::now();
            if !state.is_well() {
                // Nobody tells which sessions end: what is remembered of them is asked for again.
                store.forget();
            }
            again_where_failed(&state, compare_people(&live, &*store).await);
        }
        if state.wanted.heads.swap(false, Ordering::AcqRel) || heads.elapsed() >= heads_after {
            heads = Instant::now();
            again_where_failed(&state, compare_heads(&live, &*store).await);
        }
        state.compared.fetch_add(1, Ordering::Relaxed);
        sleep(PAUSE).await;
    }
}

fn again_where_failed(state: &State, compared: Result<(), StoreError>) {
    if let Err(error) = compared {
        tracing::debug!(%error, "cannot compare with the store");
        state.wanted.all();
    }
}

/// How far the rooms are, and which are not there any more.
async fn compare_heads(live: &Live, store: &dyn SharedStore) -> Result<(), StoreError> {
    for rooms in live.followed().chunks(ROOMS) {
        let standings = store.standings(rooms).await?;
        let there: HashSet<_> = standings.iter().map(|standing| standing.room).collect();
        live.hear_of(
            standings
                .iter()
                .map(|standing| (standing.room, standing.head)),
        );
        for &room in rooms.iter().filter(|room| !there.contains(room)) {
            live.committed(Event::Deleted { room });
        }
        live.settled();
    }
    Ok(())
}

/// Where those who are connected are members, and whether their sessions go on.
async fn compare_people(live: &Live, store: &dyn SharedStore) -> Result<(), StoreError> {
    for users in live.users().chunks(USERS) {
        for (user, standing) in store.memberships(users).await? {
            live.is_member(user, standing.room, standing.head);
        }
        live.settled();
    }
    let sessions = live.sessions().await;
    for sessions in sessions.chunks(SESSIONS) {
        let asked: Vec<_> = sessions.iter().map(|(_, session)| *session).collect();
        let there: HashSet<_> = store.sessions_of(&asked).await?.into_iter().collect();
        for &(user, session) in sessions.iter().filter(|(_, it)| !there.contains(it)) {
            let ended = Event::SessionEnded { user, session };
            store.heard(&ended);
            live.committed(ended);
        }
        live.settled();
    }
    Ok(())
}
