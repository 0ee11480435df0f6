//! Keeps other sites' pages out: origin check, security headers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::proxies::Origin;
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

/// Has browsers ask by HTTPS alone for a week (RFC 6797), whatever a link or somebody on the way says. Only where the server
/// sees to its own certificate: one from files may be of an authority that not all know, and end when nobody looks. A week,
/// and nothing about other hosts, because browsers cannot be told that it is over: each visit begins the week anew, and
/// whoever goes back to plain HTTP has to wait for no more than that.
pub fn https_for_a_while() -> (HeaderName, HeaderValue) {
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=604800"),
    )
}

/// The policy of a page: scripts only with its nonce, WASM, and nothing from anywhere else.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
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
        let from = Proxies::default().origin(Ipv4Addr::LOCALHOST.into(), false, &headers);
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
        let from = Proxies::default().origin(stranger, false, &headers);
        assert!(same_origin(&headers, &from).is_err());
    }
}
