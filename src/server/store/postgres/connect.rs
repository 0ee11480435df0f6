//! Connections: those that read, kept and handed around, those that write, one a lane, and those for what is kept aside.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};

use super::{address::Address, open::OpenError, tls};

/// Connections that read at the same time at most.
const READERS: usize = 8;
/// And that put aside or take what is no change.
const ASIDE: usize = 2;
/// How long a read waits for one of them, and for a new one to be made.
const WAIT: Timeouts = Timeouts {
    wait: Some(Duration::from_secs(2)),
    create: Some(Duration::from_secs(5)),
    recycle: Some(Duration::from_secs(2)),
};

/// Whatever is asked has an index to go by, and is asked again and again: it is planned once, and never by what little
/// there was in a table when it was. A process that hangs in a transaction must not hold rooms for long.
const EVERYONE: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET jit = off; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '15s';";
const READER: &str = "SET default_transaction_read_only = on; SET statement_timeout = '10s';";
/// What is confirmed is on the disk here, and on the standby where one is to be waited for. A commit has no time limit:
/// one that was cut short would be confirmed all the same.
const WRITER: &str = "SET plan_cache_mode = force_generic_plan; SET lock_timeout = '5s'; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');";

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
    Aside,
}

pub fn pool(address: &Address, purpose: Purpose) -> Result<Pool, OpenError> {
    let (size, settings) = match purpose {
        Purpose::Read => (READERS, READER),
        Purpose::Write => (1, WRITER),
        Purpose::Aside => (ASIDE, WRITER),
    };
    let manager = Manager::from_config(
        address.config.clone(),
        tls::connector(&address.trust)?,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let set_up = Hook::async_fn(move |client, _| {
        Box::pin(async move {
            let settings = format!("{EVERYONE} {settings}");
            client
                .batch_execute(&settings)
                .await
                .map_err(HookError::Backend)
        })
    });
    let pool = Pool::builder(manager)
        .max_size(size)
        .timeouts(WAIT)
        .runtime(Runtime::Tokio1)
        .post_create(set_up)
        .build()?;
    Ok(pool)
}
