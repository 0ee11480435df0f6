//! Sends this process's sockets to the others where it alone cannot reach the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::server::{live::Live, store::SharedStore};

/// How often it looks.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the database may be away: a failover takes some seconds, and nobody is sent anywhere for that.
const PATIENCE: Duration = Duration::from_secs(10);

pub async fn look_out(live: Arc<Live>, store: Arc<dyn SharedStore>) {
    let mut away = None;
    loop {
        sleep(PAUSE).await;
        match store.alive().await {
            Ok(()) => away = None,
            Err(error) => {
                let since = *away.get_or_insert_with(Instant::now);
                if since.elapsed() >= PATIENCE {
                    tracing::warn!(%error, "the database is away: sending the sockets elsewhere");
                    live.send_away();
                }
            }
        }
    }
}
