//! The one suite of tests that holds every store to what [`Store`](super::Store) promises: each test is run on SQLite in
//! a file, and on a real PostgreSQL.

mod alike;
mod away;
mod conversation;
mod order;
mod oversight;
mod people;
mod reading;
mod searching;
mod world;

/// Runs these tests on either store.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::server::store::suite::world::World::on_sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::server::store::suite::world::World::on_postgres().await).await;
            })*
        }
    };
}
use on_both;
