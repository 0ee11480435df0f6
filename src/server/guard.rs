//! Keeps strangers and floods out: origin check, rate limits, security headers.

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

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{
    config::{Rate, RateLimits},
    proxies::Origin,
    store::UserId,
};
use crate::domain::ApiError;

/// Refuses what another site makes a browser send. Programs send neither header and carry no cookies that
/// they were not given.
///
/// # Errors
/// `cross_origin`.
pub fn same_origin(headers: &HeaderMap, from: &Origin) -> Result<(), ApiError> {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site"))
        && !matches!(site, "same-origin" | "none")
    {
        return Err(ApiError::cross_origin());
    }
    let Some(origin) = text(header::ORIGIN) else {
        return Ok(());
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    let told = from
        .host
        .as_ref()
        .map(|host| host.to_str().unwrap_or_default());
    let ours = [text(header::HOST), told];
    if host.is_some() && ours.contains(&host) {
        Ok(())
    } else {
        Err(ApiError::cross_origin())
    }
}

/// Headers of every answer that does not set its own.
pub fn security_headers() -> [(HeaderName, HeaderValue); 5] {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Our own pages still need it: a plain form is sent back to where it came from.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ]
}

/// The policy of a page: scripts only with its nonce, WASM, and nothing from anywhere else.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// An address may do so many times what an identity may: an office behind one address can talk.
const IDENTITIES_OF_AN_ADDRESS: u32 = 10;

/// How often one identity, and one address, may do what.
pub struct Limits {
    claims: Option<PerKey<IpAddr>>,
    keys: Option<KeyTries>,
    rooms: Option<Both>,
    messages: Option<Both>,
    requests: Option<PerKey<IpAddr>>,
    /// What one live socket may say: it is kept with the socket.
    pub frames: Option<Rate>,
    /// Asked since those who have been quiet were last forgotten.
    asked: AtomicUsize,
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
            rooms: rates.rooms.map(Both::new),
            messages: rates.messages.map(Both::new),
            requests: rates.requests.map(PerKey::new),
            frames: rates.frames,
            asked: AtomicUsize::new(0),
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
        self.claims
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(network(address)))
    }

    /// Counts a key that is about to be tried as a wrong one, so that tries at the same time all count.
    pub fn key_try(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        let Some(keys) = &self.keys else {
            return Ok(());
        };
        keys.users.strike(user)?;
        keys.addresses.strike(network(address))
    }

    /// The key was right: it does not count.
    pub fn key_was_right(&self, user: UserId, address: IpAddr) {
        if let Some(keys) = &self.keys {
            keys.users.forgive(user);
            keys.addresses.forgive(network(address));
        }
    }

    pub fn new_room(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.rooms
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(user, address))
    }

    pub fn message(&self, user: UserId, address: IpAddr) -> Result<(), ApiError> {
        self.messages
            .as_ref()
            .map_or(Ok(()), |limit| limit.take(user, address))
    }

    /// Forgets those who have been quiet long enough to start afresh.
    pub fn forget_quiet(&self) {
        for addresses in [&self.claims, &self.requests].into_iter().flatten() {
            addresses.forget_quiet();
        }
        for both in [&self.rooms, &self.messages].into_iter().flatten() {
            both.users.forget_quiet();
            both.addresses.forget_quiet();
        }
        if let Some(keys) = &self.keys {
            keys.users.forget_quiet();
            keys.addresses.forget_quiet();
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
    use crate::server::proxies::Proxies;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)))
            .collect()
    }

    /// As a proxy on this machine passes it on.
    fn asked(list: &[(&'static str, &'static str)]) -> Result<(), ApiError> {
        let headers = headers(list);
        let from = Proxies::default().origin(Ipv4Addr::LOCALHOST.into(), &headers);
        same_origin(&headers, &from)
    }

    #[test]
    fn only_this_site_and_programs_may_ask() {
        for ok in [
            &[("host", "chat.example")][..],
            &[("host", "chat.example"), ("origin", "https://chat.example")],
            &[
                ("host", "127.0.0.1:3000"),
                ("x-forwarded-host", "chat.example"),
                ("origin", "https://chat.example"),
            ],
            &[("host", "chat.example"), ("sec-fetch-site", "same-origin")],
            &[("host", "chat.example"), ("sec-fetch-site", "none")],
        ] {
            assert!(asked(ok).is_ok(), "{ok:?}");
        }
        for bad in [
            &[("host", "chat.example"), ("origin", "https://evil.example")][..],
            &[("host", "chat.example"), ("origin", "null")],
            &[
                ("host", "chat.example"),
                ("origin", "https://chat.example:8443"),
            ],
            &[
                ("host", "chat.example"),
                ("origin", "https://chat.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[("host", "chat.example"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(asked(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_a_stranger_says_of_the_host_is_not_believed() {
        let headers = headers(&[
            ("host", "chat.example"),
            ("x-forwarded-host", "evil.example"),
            ("origin", "https://evil.example"),
        ]);
        let stranger = Ipv4Addr::new(192, 0, 2, 1).into();
        let from = Proxies::default().origin(stranger, &headers);
        assert!(same_origin(&headers, &from).is_err());
    }

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
        let limits = Limits::new(&"messages=1/h:2,keys=2/h".parse().expect("rates"));
        let here: IpAddr = "192.0.2.1".parse().expect("an address");
        let elsewhere: IpAddr = "192.0.2.2".parse().expect("an address");
        for user in 1..=10 {
            assert!(limits.message(user, here).is_ok() && limits.message(user, here).is_ok());
            assert!(limits.key_try(user, here).is_ok() && limits.key_try(user, here).is_ok());
        }
        assert!(limits.message(11, here).is_err() && limits.key_try(11, here).is_err());
        assert!(limits.message(11, elsewhere).is_ok() && limits.key_try(11, elsewhere).is_ok());
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
