//! How often one may do what: by identity, and by the address that the caller has.

mod together;
mod tried;

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

pub use self::tried::Tried;
use super::{
    config::{Rate, RateLimits},
    store::UserId,
};
use crate::domain::ApiError;

/// An address may do so many times what an identity may: an office behind one address can talk.
const IDENTITIES_OF_AN_ADDRESS: u32 = 10;

/// How often one identity, and one address, may do what.
pub struct Limits {
    claims: Option<PerKey<IpAddr>>,
    keys: Option<KeyTries>,
    /// Passphrases, passes and passkeys: by the name that they are for together with the address, so that nobody can
    /// lock others out of a name, and by the address.
    guesses: Option<Guesses>,
    rooms: Option<Both>,
    messages: Option<Both>,
    searches: Option<Both>,
    requests: Option<PerKey<IpAddr>>,
    /// What one live socket may say: it is kept with the socket.
    pub frames: Option<Rate>,
    /// Asked since those who have been quiet were last forgotten.
    asked: AtomicUsize,
    /// What the other processes of the server are to count as well, where there may be any.
    news: Mutex<Option<Vec<Tried>>>,
}

/// So many may be asked about before those who have been quiet are forgotten: a flood of addresses is not remembered.
const ASKED: usize = 50_000;

impl Limits {
    pub fn new(rates: &RateLimits) -> Self {
        Self {
            claims: rates.claims.map(PerKey::new),
            keys: rates.keys.map(|rate| KeyTries {
                users: Strikes::new(rate),
                addresses: Strikes::new(rate.times(IDENTITIES_OF_AN_ADDRESS)),
            }),
            guesses: rates.keys.map(|rate| Guesses {
                targets: Strikes::new(rate),
                addresses: Strikes::new(rate.times(IDENTITIES_OF_AN_ADDRESS)),
            }),
            rooms: rates.rooms.map(Both::new),
            messages: rates.messages.map(Both::new),
            searches: rates.searches.map(Both::new),
            requests: rates.requests.map(PerKey::new),
            frames: rates.frames,
            asked: AtomicUsize::new(0),
            news: Mutex::default(),
        }
    }

    /// # Errors
    /// `too_fast`; so for all of these.
    pub fn request(&self, address: IpAddr) -> Result<(), ApiError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= ASKED {
            self.asked.store(0, Ordering::Relaxed);
            self.forget_quiet();
        }
        self.requests
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(network(address)))
    }

    pub fn claim(&self, address: IpAddr) -> Result<(), ApiError> {
        self.try_to(Tried::Claim(address))
    }

    /// Counts a key that is about to be tried as a wrong one, so that tries at the same time all count.
    pub fn key_try(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.try_to(Tried::Key(user, address))
    }

    /// The key was right: it does not count.
    pub fn key_was_right(&self, user: UserId, address: IpAddr) {
        let _ = self.try_to(Tried::RightKey(user, address));
    }

    /// Counts a way into the name `target` that is about to be tried as a wrong one.
    pub fn guess(&self, target: &str, address: IpAddr) -> Result<(), ApiError> {
        self.try_to(Tried::Guess(target.to_owned(), address))
    }

    /// It was right: it does not count.
    pub fn guess_was_right(&self, target: &str, address: IpAddr) {
        let _ = self.try_to(Tried::RightGuess(target.to_owned(), address));
    }

    pub fn new_room(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.try_to(Tried::Room(user, address))
    }

    pub fn message(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.messages
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(user, address))
    }

    pub fn search(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.searches
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(user, address))
    }

    /// Forgets those who have been quiet long enough to start afresh.
    pub fn forget_quiet(&self) {
        for addresses in [&self.claims, &self.requests].into_iter().flatten() {
            addresses.forget_quiet();
        }
        for both in [&self.rooms, &self.messages, &self.searches]
            .into_iter()
            .flatten()
        {
            both.users.forget_quiet();
            both.addresses.forget_quiet();
        }
        if let Some(keys) = &self.keys {
            keys.users.forget_quiet();
            keys.addresses.forget_quiet();
        }
        if let Some(guesses) = &self.guesses {
            guesses.targets.forget_quiet();
            guesses.addresses.forget_quiet();
        }
    }
}

struct Both {
    users: PerKey<UserId>,
    addresses: PerKey<IpAddr>,
}

impl Both {
    fn new(rate: Rate) -> Self {
        Self {
            users: PerKey::new(rate),
            addresses: PerKey::new(rate.times(IDENTITIES_OF_AN_ADDRESS)),
        }
    }

    fn take(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.users.take(user)?;
        self.addresses.take(network(address))
    }
}

struct PerKey<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> PerKey<K> {
    fn new(rate: Rate) -> Self {
        let quota = Quota::with_period(rate.each).unwrap_or_else(|| Quota::per_second(rate.burst));
        Self(RateLimiter::keyed(quota.allow_burst(rate.burst)))
    }

    fn take(&self, key: K) -> Result<(), ApiError> {
        self.0.check_key(&key).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            ApiError::too_fast(u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
        })
    }

    fn forget_quiet(&self) {
        self.0.retain_recent();
    }
}

struct KeyTries {
    users: Strikes<UserId>,
    addresses: Strikes<IpAddr>,
}

struct Guesses {
    targets: Strikes<(String, IpAddr)>,
    addresses: Strikes<IpAddr>,
}

/// A limit whose strikes can be taken back, which governor's cannot: the generic cell rate algorithm, by the
/// time at which a key's strikes will all be forgotten.
struct Strikes<K> {
    rate: Rate,
    clean_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq> Strikes<K> {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            clean_at: Mutex::default(),
        }
    }

    fn strike(&self, key: K) -> Result<(), ApiError> {
        let now = Instant::now();
        let mut all = self.clean_at.lock().unwrap_or_else(PoisonError::into_inner);
        let clean_at = all.entry(key).or_insert(now);
        let struck = (*clean_at).max(now) + self.rate.each;
        let over = struck.saturating_duration_since(now + self.rate.each * self.rate.burst.get());
        if over.is_zero() {
            *clean_at = struck;
            return Ok(());
        }
        Err(ApiError::too_fast(
            u32::try_from(over.as_millis().div_ceil(1000)).unwrap_or(u32::MAX),
        ))
    }

    fn forgive(&self, key: K) {
        let mut all = self.clean_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clean_at) = all.get_mut(&key) {
            *clean_at -= self.rate.each;
        }
    }

    fn forget_quiet(&self) {
        let now = Instant::now();
        self.clean_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, clean_at| *clean_at > now);
    }
}

/// Whoever has an IPv6 address has 2⁶⁴ of them: the network counts as one address.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
            IpAddr::V4,
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_limit_refuses_after_its_burst_and_says_when_to_come_back() {
        let limits = Limits::new(&"messages=1/min:2".parse().expect("rates"));
        let here: IpAddr = "192.0.2.1".parse().expect("an address");
        assert!(limits.message(1, here).is_ok() && limits.message(1, here).is_ok());
        let refused = limits.message(1, here).expect_err("the third is too fast");
        assert!((1..=60).contains(&refused.retry_after.expect("a time")));
    }

    #[test]
    fn an_address_may_do_ten_times_what_an_identity_may() {
        let limits = Limits::new(
            &"messages=1/h:2,searches=2/h,keys=2/h"
                .parse()
                .expect("rates"),
        );
        let here: IpAddr = "192.0.2.1".parse().expect("an address");
        let elsewhere: IpAddr = "192.0.2.2".parse().expect("an address");
        for user in 1..=10 {
            assert!(limits.message(user, here).is_ok() && limits.message(user, here).is_ok());
            assert!(limits.search(user, here).is_ok() && limits.search(user, here).is_ok());
            assert!(limits.key_try(user, here).is_ok() && limits.key_try(user, here).is_ok());
        }
        assert!(limits.message(11, here).is_err() && limits.key_try(11, here).is_err());
        assert!(limits.search(10, here).is_err() && limits.search(11, here).is_err());
        assert!(limits.message(11, elsewhere).is_ok() && limits.key_try(11, elsewhere).is_ok());
        assert!(limits.search(11, elsewhere).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_is_not_remembered() {
        let limits = Limits::new(&"requests=1000/s:1".parse().expect("rates"));
        for n in 0..200_000_u32 {
            assert!(limits.request(Ipv4Addr::from(n).into()).is_ok());
        }
        let kept = limits.requests.as_ref().map_or(0, |limit| limit.0.len());
        assert!(kept <= 2 * ASKED, "{kept} are remembered");
    }

    #[test]
    fn right_keys_cost_nothing_and_wrong_ones_run_out() {
        let limits = Limits::new(&"keys=3/h".parse().expect("rates"));
        let here: IpAddr = "192.0.2.1".parse().expect("an address");
        for _ in 0..20 {
            assert!(limits.key_try(1, here).is_ok());
            limits.key_was_right(1, here);
        }
        assert!((0..3).all(|_| limits.key_try(1, here).is_ok()));
        let refused = limits.key_try(1, here).expect_err("the fourth is too fast");
        assert!((1_100..=1_200).contains(&refused.retry_after.expect("a time")));
    }

    #[test]
    fn one_network_is_one_address() {
        let parse = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(parse("2001:db8::1"), parse("2001:db8::ffff"));
        assert_ne!(parse("2001:db8::1"), parse("2001:db8:0:1::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }
}
