//! Where the pages are. Names may hold any character, so every path that carries one is percent-encoded here.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The landing page: claim a username.
pub fn home() -> &'static str {
    "/"
}

/// *me*'s dashboard.
pub fn dashboard(me: &str) -> String {
    format!("/@{}", encode(me))
}

/// A room, as *me* sees it.
pub fn room(me: &str, name: &str) -> String {
    format!("{}/rooms/{}", dashboard(me), encode(name))
}

/// The invitation to a room, neutral of identity.
pub fn invite(name: &str) -> String {
    format!("/rooms/{}", encode(name))
}

/// The invitation with the room's key in the fragment, which a browser keeps to itself.
pub fn invite_with_key(name: &str, key: &str) -> String {
    format!("{}#key={}", invite(name), encode(key))
}

/// The key in a fragment that [`invite_with_key`] made, with or without its `#`.
pub fn key_in_fragment(fragment: &str) -> Option<String> {
    let key = fragment.trim_start_matches('#').strip_prefix("key=")?;
    Some(decode(key)).filter(|key| !key.is_empty())
}

/// Who a path acts as: the name in its first segment, where that is an `@name`.
pub fn me(path: &str) -> Option<String> {
    let segment = path.strip_prefix('/')?.split('/').next()?;
    acting(&decode(segment)).map(str::to_owned)
}

/// The name in a decoded `@name` segment.
pub fn acting(segment: &str) -> Option<&str> {
    segment.strip_prefix('@').filter(|name| !name.is_empty())
}

fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_readable() {
        assert_eq!(dashboard("alice"), "/@alice");
        assert_eq!(room("alice", "general"), "/@alice/rooms/general");
        assert_eq!(invite("general"), "/rooms/general");
    }

    #[test]
    fn a_name_stays_one_segment_whatever_is_in_it() {
        assert_eq!(invite("a/b?c#d%e f"), "/rooms/a%2Fb%3Fc%23d%25e%20f");
        assert_eq!(room("zoë", "日本"), "/@zo%C3%AB/rooms/%E6%97%A5%E6%9C%AC");
        assert_eq!(dashboard("@lice"), "/@%40lice");
    }

    #[test]
    fn who_acts_is_read_back_from_a_path() {
        for name in ["alice", "zoë", "@lice", "50%", "a/b", "日本"] {
            assert_eq!(me(&dashboard(name)).as_deref(), Some(name));
            assert_eq!(me(&room(name, "a/b?c#d%e")).as_deref(), Some(name));
        }
    }

    #[test]
    fn neutral_paths_act_as_nobody() {
        for path in ["/", "", "/@", "/@/rooms/x", "/rooms/@alice", "/alice"] {
            assert_eq!(me(path), None, "{path}");
        }
    }

    #[test]
    fn a_key_survives_the_fragment() {
        for key in ["plain", " two words ", "a#b=c&d%20+", "ключ"] {
            let link = invite_with_key("general", key);
            let (_, fragment) = link.split_once('#').expect("the link has a fragment");
            assert_eq!(key_in_fragment(fragment).as_deref(), Some(key));
        }
        assert_eq!(key_in_fragment("#key="), None);
        assert_eq!(key_in_fragment("#top"), None);
    }
}
