//! Whom a request comes from, as far as the proxies that passed it on are believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{Extensions, HeaderMap, HeaderValue};

/// The proxies that are believed: those on this machine, and those that were named.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpAddr>);

/// Whom a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub address: IpAddr,
    /// Whether the browser spoke HTTPS.
    pub https: bool,
    /// The host that the browser asked for, where a proxy tells of it.
    pub host: Option<HeaderValue>,
}

impl Proxies {
    pub fn new(named: Vec<IpAddr>) -> Self {
        Self(named)
    }

    /// Whether what this peer says about whom it speaks for is believed.
    pub fn trust(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.0.contains(&peer)
    }

    /// Whom a request comes from that this peer has sent, over HTTPS itself or not.
    pub fn origin(&self, peer: IpAddr, https: bool, headers: &HeaderMap) -> Origin {
        let mut origin = Origin {
            address: peer,
            https,
            host: None,
        };
        if !self.trust(peer) {
            return origin;
        }
        // Each proxy has added whom it was sent the request by: the last that is no proxy of ours is the caller.
        for entry in list(headers, "x-forwarded-for").into_iter().rev() {
            let Some(address) = parse(entry) else { break };
            origin.address = address;
            if !self.trust(address) {
                break;
            }
        }
        if let Some(spoken) = list(headers, "x-forwarded-proto").pop() {
            origin.https = spoken == "https";
        }
        origin.host = headers.get("x-forwarded-host").cloned();
        origin
    }
}

impl Origin {
    /// What was found out about a request on its way in.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(Self::unknown)
    }

    fn unknown() -> Self {
        Self {
            address: Ipv4Addr::UNSPECIFIED.into(),
            https: false,
            host: None,
        }
    }
}

/// All entries of a header: several of the same name are one list (RFC 9110 §5.3).
fn list<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    let values = headers.get_all(name).iter();
    // What cannot be read is an entry all the same: nothing before it is believed.
    let values = values.map(|value| value.to_str().unwrap_or_default());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect()
}

/// An address, with or without a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry
        .parse()
        .or_else(|_| entry.parse().map(|at: SocketAddr| at.ip()))
        .or_else(|_| entry.trim_matches(['[', ']']).parse());
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = list.iter().map(|&(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The caller's address as a peer on this machine tells it.
    fn caller(list: &[&'static str]) -> IpAddr {
        let lines: Vec<_> = list.iter().map(|list| ("x-forwarded-for", *list)).collect();
        let proxies = Proxies::new(vec![address("192.0.2.9")]);
        proxies
            .origin(address("127.0.0.1"), false, &headers(&lines))
            .address
    }

    #[test]
    fn the_last_entry_counts_over_all_headers_of_that_name() {
        assert_eq!(caller(&[]), address("127.0.0.1"));
        assert_eq!(caller(&["203.0.113.7"]), address("203.0.113.7"));
        assert_eq!(
            caller(&["198.51.100.1, 203.0.113.7"]),
            address("203.0.113.7")
        );
        assert_eq!(
            caller(&["198.51.100.1", "203.0.113.7"]),
            address("203.0.113.7")
        );
        assert_eq!(caller(&["203.0.113.7:4711"]), address("203.0.113.7"));
        assert_eq!(caller(&["[2001:db8::1]:4711"]), address("2001:db8::1"));
        assert_eq!(caller(&["2001:db8::1"]), address("2001:db8::1"));
    }

    #[test]
    fn proxies_that_are_believed_are_passed_over() {
        assert_eq!(caller(&["203.0.113.7, 192.0.2.9"]), address("203.0.113.7"));
        assert_eq!(
            caller(&["203.0.113.7", "192.0.2.9, 127.0.0.1"]),
            address("203.0.113.7")
        );
        assert_eq!(
            caller(&["198.51.100.1, 203.0.113.7, 192.0.2.9"]),
            address("203.0.113.7")
        );
    }

    #[test]
    fn what_makes_no_sense_hides_nobody_behind_it() {
        assert_eq!(caller(&["203.0.113.7, nonsense"]), address("127.0.0.1"));
        assert_eq!(
            caller(&["203.0.113.7, nonsense, 192.0.2.9"]),
            address("192.0.2.9")
        );
        assert_eq!(caller(&["203.0.113.7, "]), address("127.0.0.1"));
    }

    #[test]
    fn only_proxies_are_believed() {
        let told = headers(&[
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "chat.example"),
        ]);
        let proxies = Proxies::new(vec![address("192.0.2.9")]);
        for peer in ["127.0.0.1", "::1", "192.0.2.9", "::ffff:192.0.2.9"] {
            let origin = proxies.origin(address(peer), false, &told);
            assert_eq!(
                (origin.address, origin.https, origin.host),
                (
                    address("203.0.113.7"),
                    true,
                    Some(HeaderValue::from_static("chat.example"))
                ),
                "{peer}"
            );
        }
        let stranger = proxies.origin(address("192.0.2.10"), false, &told);
        assert_eq!(
            (stranger.address, stranger.https, stranger.host),
            (address("192.0.2.10"), false, None)
        );
    }

    #[test]
    fn a_proxy_is_asked_how_the_browser_spoke_and_else_it_is_as_the_peer_did() {
        let proxies = Proxies::default();
        let https =
            |peer, https, told: &[_]| proxies.origin(address(peer), https, &headers(told)).https;
        let (proxy, stranger) = ("127.0.0.1", "192.0.2.10");
        assert!(https(stranger, true, &[]) && https(proxy, true, &[]));
        assert!(!https(stranger, false, &[]) && !https(proxy, false, &[]));
        let told = [("x-forwarded-proto", "http")];
        assert!(https(stranger, true, &told) && !https(proxy, true, &told));
    }
}
