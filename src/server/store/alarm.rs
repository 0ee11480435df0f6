//! How the store says that it can do no more.

use std::sync::Arc;

use tokio::sync::watch;

use crate::server::store::Failure;

/// Rung by whoever finds it, heard by whoever runs the server. The first reason stands.
#[derive(Clone)]
pub struct Alarm(Arc<watch::Sender<Option<Failure>>>);

impl Default for Alarm {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Alarm {
    pub fn ring(&self, why: Failure) {
        self.0.send_if_modified(|rung| {
            let first = rung.is_none();
            if first {
                tracing::error!("{why}");
                *rung = Some(why);
            }
            first
        });
    }

    /// Returns once it is rung.
    pub async fn rung(&self) -> Failure {
        let mut rings = self.0.subscribe();
        let why = rings.wait_for(Option::is_some).await;
        // There is one: what rings it is `self`, which is still there.
        match why.ok().and_then(|why| why.clone()) {
            Some(why) => why,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands_whenever_one_listens() {
        let alarm = Alarm::default();
        let early = tokio::spawn({
            let alarm = alarm.clone();
            async move { alarm.rung().await }
        });
        tokio::task::yield_now().await;
        alarm.ring(Failure::Panicked);
        alarm.ring(Failure::Disk);
        assert_eq!(early.await.expect("it ends"), Failure::Panicked);
        assert_eq!(alarm.rung().await, Failure::Panicked);
    }
}
