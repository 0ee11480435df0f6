//! How the processes of one server hear of each other's changes: by NATS, which is only a hint.
//!
//! What this process commits is told to its live engine and to the others ([`feed`]); what they tell goes the same way
//! into the engine, whose sequencer takes each entry once and in its order. Every message is numbered by its sender, so
//! that a receiver knows when it has missed one ([`peers`]), and compares itself with the store then, as it does every now
//! and then in any case ([`keeper`]). So a message may be lost, doubled, late or out of order, and NATS may stop: readers
//! are late then, never wrong.

mod feed;
mod keeper;
mod lookout;
mod nats;
mod peers;
mod state;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{sync::Notify, task::JoinHandle};

use self::state::State;
pub use self::{feed::Feed, nats::BusError, state::BusHealth};
use super::{config::NatsAddress, live::Live, rates::Limits, store::SharedStore};

/// The bus of a running process.
pub struct Bus {
    state: Arc<State>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stop: Arc<Notify>,
}

impl Bus {
    /// Has this process told of what the others do, and them of what it does. NATS need not be there yet.
    ///
    /// # Errors
    /// Where the address is none, or the store cannot be asked who it is.
    pub async fn start(
        address: &NatsAddress,
        feed: &Feed,
        live: Arc<Live>,
        store: Arc<dyn SharedStore>,
        limits: Arc<Limits>,
    ) -> Result<Self, BusError> {
        let (state, stop) = (Arc::<State>::default(), Arc::<Notify>::default());
        live.tell_others();
        limits.tell_others();
        let post = nats::Post {
            live: live.clone(),
            store: store.clone(),
            limits,
            state: state.clone(),
            stop: stop.clone(),
        };
        let tasks = vec![
            tokio::spawn(post.run(address, feed).await?),
            tokio::spawn(keeper::keep(live.clone(), store.clone(), state.clone())),
            tokio::spawn(lookout::look_out(live, store)),
        ];
        Ok(Self {
            state,
            tasks: Mutex::new(tasks),
            stop,
        })
    }

    pub fn health(&self) -> BusHealth {
        self.state.health()
    }

    /// Tells the others what they have not been told, and says goodbye.
    pub async fn stop(&self) {
        self.stop.notify_one();
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks).into_iter()
        };
        if let Some(post) = tasks.next() {
            let _ = tokio::time::timeout(nats::GOODBYE, post).await;
        }
        tasks.for_each(|task| task.abort());
    }
}
