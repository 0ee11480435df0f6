//! Names and sessions that nobody uses any more are forgotten, after what time [`Patience`](super::patience) says. How
//! long they have rested is counted to a few minutes; whoever has a live socket uses both.

use std::time::Duration;

use super::rooms::Chat;

/// Where there was more to forget than one step does.
const PAUSE: Duration = Duration::from_millis(100);
/// Minutes from one time that it is noted who is connected to the next, and likewise for what is forgotten.
const NOTED_EVERY: u64 = 4;
const FORGOTTEN_EVERY: u64 = 60;

/// Sees to it for as long as the server runs.
pub async fn look_after(chat: Chat) {
    for minute in 0_u64.. {
        if minute % NOTED_EVERY == 0 {
            chat.note_connected();
        }
        if minute % FORGOTTEN_EVERY == 0 {
            forget(&chat).await;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

async fn forget(chat: &Chat) {
    loop {
        match chat.forget_unused(chat.patience().unused()).await {
            Ok(true) => tokio::time::sleep(PAUSE).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "names that nobody uses are not forgotten for now");
                return;
            }
        }
    }
}
