//! What is done beside people's changes: deleted rooms, and those that keep messages so many days, lose theirs step by
//! step, and what is new in the index is put in its place.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool_postgres::Pool;
use tokio::{
    sync::{Notify, oneshot},
    time::sleep,
};

use super::{basics::run as change_rows, change::Change, keeping, lane::Lane, needs::Needs, purge};
use crate::{
    domain::Millis,
    server::store::{StoreError, now},
};

/// Entries that a step deletes, at least and at most.
const STEPS: (usize, usize) = (64, 4_096);
/// A step that takes longer deletes less the next time.
const STEP: Duration = Duration::from_millis(20);
/// From one round to the next, where nobody asks for one.
const EVERY: Duration = Duration::from_secs(10);
/// How often it is looked for what rooms keep no longer, where nobody asks.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// Rooms that are looked at in one go.
const ROOMS: usize = 64;
/// How long it is remembered what a lane that has gone did last.
const LANES: Millis = 30 * 24 * 60 * 60 * 1000;

pub struct Chores {
    pub pool: Pool,
    pub lane: Arc<Lane>,
    /// Where they are asked for.
    pub asked: Arc<Notify>,
}

impl Chores {
    /// Does them for as long as it is polled.
    pub async fn run(self) {
        let (mut entries, mut looked) = (STEPS.0, None);
        loop {
            // What failed is tried again, with the rest, the next time.
            if let Err(error) = self.round(&mut entries, &mut looked).await {
                tracing::debug!(%error, "chores were not done");
            }
            tokio::select! {
                () = self.asked.notified() => looked = None,
                () = sleep(EVERY) => {}
            }
        }
    }

    async fn round(
        &self,
        entries: &mut usize,
        looked: &mut Option<Instant>,
    ) -> Result<(), StoreError> {
        if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
            self.expire().await?;
            *looked = Some(Instant::now());
        }
        loop {
            let began = Instant::now();
            let mut client = self.pool.get().await?;
            let step = client.transaction().await?;
            let more =
                purge::step(&step, *entries).await? || keeping::erase_step(&step, *entries).await?;
            step.commit().await?;
            if !more {
                break;
            }
            let took = began.elapsed();
            let next = if took > STEP {
                *entries / 2
            } else {
                *entries * 2
            };
            *entries = next.clamp(STEPS.0, STEPS.1);
            // As long for the others.
            sleep(took).await;
        }
        let client = self.pool.get().await?;
        let now = now();
        change_rows(
            &client,
            "SELECT gin_clean_pending_list('entries_by_terms')",
            &[],
        )
        .await?;
        change_rows(
            &client,
            "DELETE FROM lanes WHERE at < $1",
            &[&(now - LANES)],
        )
        .await?;
        change_rows(
            &client,
            "DELETE FROM passes WHERE expires_at <= $1",
            &[&now],
        )
        .await?;
        change_rows(
            &client,
            "DELETE FROM invites WHERE expires_at <= $1",
            &[&now],
        )
        .await?;
        Ok(())
    }

    /// Has the lane look at the rooms that keep messages so many days, one by one.
    async fn expire(&self) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rooms = keeping::due(&self.pool.get().await?, after, ROOMS).await?;
            let Some(last) = rooms.last() else {
                return Ok(());
            };
            after = *last;
            for room in rooms {
                let (answer, answered) = oneshot::channel();
                self.lane.submit(
                    Needs::room(room),
                    async move |change: &mut Change| keeping::expire(change, room).await,
                    Box::new(move |expired| _ = answer.send(expired)),
                );
                answered.await.unwrap_or(Err(StoreError::Unavailable))?;
            }
        }
    }
}
