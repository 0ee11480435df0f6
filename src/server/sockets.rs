//! Who may have a live socket: so many an identity, so many an address, so many in all.

use std::{net::IpAddr, sync::Arc};

use super::{
    config::MaxSockets,
    connections::Seat,
    crowd::{Crowd, Place},
    rates::network,
    store::{Actor, SessionId, UserId},
};
use crate::domain::{ApiError, Code};

/// Seconds after which one that was turned away may try again.
const RETRY: u32 = 10;

pub struct Sockets {
    by_identity: Arc<Crowd<UserId>>,
    by_address: Arc<Crowd<IpAddr>>,
    by_session: Arc<Crowd<SessionId>>,
    all: Arc<Crowd<()>>,
}

/// A live socket's place, for as long as it lasts.
pub struct Admission {
    _seat: Arc<Seat>,
    _identity: Place<UserId>,
    _address: Place<IpAddr>,
    _session: Place<SessionId>,
    _one_of_all: Place<()>,
}

impl Sockets {
    /// `all` is for all of them together.
    pub fn new(most: &MaxSockets, all: usize) -> Self {
        Self {
            by_identity: Crowd::of_at_most(most.per_identity),
            by_address: Crowd::of_at_most(most.per_address),
            by_session: Crowd::of_at_most(usize::MAX),
            all: Crowd::of_at_most(all),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.count(&())
    }

    /// The sessions that have a socket.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.by_session.all()
    }

    /// # Errors
    /// `too_fast` where the identity or the address has as many as it may, `unavailable` where the server has.
    pub fn admit(
        &self,
        by: Actor,
        address: IpAddr,
        seat: Arc<Seat>,
    ) -> Result<Admission, ApiError> {
        let too_many = |whose: &str| ApiError {
            retry_after: Some(RETRY),
            ..ApiError::new(
                Code::TooFast,
                format!("{whose} has as many connections open as it may. Close some first."),
            )
        };
        let full = || ApiError {
            retry_after: Some(RETRY),
            ..ApiError::unavailable()
        };
        Ok(Admission {
            _seat: seat,
            _identity: self
                .by_identity
                .enter(by.user)
                .ok_or_else(|| too_many("This username"))?,
            _address: self
                .by_address
                .enter(network(address))
                .ok_or_else(|| too_many("This address"))?,
            _session: self.by_session.enter(by.session).ok_or_else(full)?,
            _one_of_all: self.all.enter(()).ok_or_else(full)?,
        })
    }
}
