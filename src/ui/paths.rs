//! Where the pages are. Names may hold any character, so every path that carries one is percent-encoded here.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use crate::domain::{RoomId, Seq};

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

/// Where somebody gets into a name that is theirs.
pub fn sign_in() -> &'static str {
    "/sign-in"
}

/// The same, with a pass in the fragment, which a browser keeps to itself.
pub fn sign_in_with_pass(pass: &str) -> String {
    format!("{}#pass={pass}", sign_in())
}

/// The pass in a fragment that [`sign_in_with_pass`] made, with or without its `#`.
pub fn pass_in_fragment(fragment: &str) -> Option<String> {
    let pass = fragment.trim_start_matches('#').strip_prefix("pass=")?;
    Some(decode(pass)).filter(|pass| !pass.is_empty())
}

/// *me*'s dashboard.
pub fn dashboard(me: &str) -> String {
    format!("/@{}", encode(me))
}

/// A room, as *me* sees it.
pub fn room(me: &str, name: &str) -> String {
    format!("{}/rooms/{}", dashboard(me), encode(name))
}

/// A message in its room, as *me* sees it.
pub fn message(me: &str, name: &str, seq: Seq) -> String {
    format!("{}?at={seq}", room(me, name))
}

/// What *me* finds by these words.
pub fn search(me: &str, words: &str) -> String {
    let path = format!("{}/search", dashboard(me));
    if words.is_empty() {
        path
    } else {
        format!("{path}?words={}", encode(words))
    }
}

/// The same, from an earlier answer's `next` on.
pub fn search_before(me: &str, words: &str, cursor: &str) -> String {
    format!("{}&before={}", search(me, words), encode(cursor))
}

/// How *me* gets into their name, and where they are.
pub fn settings(me: &str) -> String {
    format!("{}/settings", dashboard(me))
}

/// What a room is, and who may do what in it.
pub fn room_settings(me: &str, name: &str) -> String {
    format!("{}/settings", room(me, name))
}

/// The invitation to a room, neutral of identity.
pub fn invite(name: &str) -> String {
    format!("/rooms/{}", encode(name))
}

/// The invitation, with `me` as the first choice of who joins.
pub fn invite_as(name: &str, me: &str) -> String {
    format!("{}?as={}", invite(name), encode(me))
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

/// The name in a decoded `@name` segment.
pub fn acting(segment: &str) -> Option<&str> {
    segment.strip_prefix('@').filter(|name| !name.is_empty())
}

/// One of *me*'s pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    Dashboard,
    Room {
        name: String,
        /// The message that it is about, where it is about one.
        at: Option<Seq>,
    },
    Search {
        words: String,
        /// The hit before which it begins, where it is not the newest.
        before: Option<String>,
    },
    Settings,
    RoomSettings {
        name: String,
    },
}

/// Which of `me`'s pages a path and its query lead to; `None` where they lead elsewhere.
pub fn inside(me: &str, path: &str, query: &str) -> Option<Inside> {
    let mut segments = path.strip_prefix('/')?.split('/').map(decode);
    if acting(&segments.next()?) != Some(me) {
        return None;
    }
    let query = query.trim_start_matches('?');
    let only = |name: &str| query.strip_prefix(name)?.strip_prefix('=');
    match (segments.next().as_deref(), segments.next(), segments.next()) {
        (None, ..) if query.is_empty() => Some(Inside::Dashboard),
        (Some("rooms"), Some(name), None) => {
            let at = only("at").and_then(|seq| seq.parse().ok());
            (query.is_empty() || at.is_some()).then_some(Inside::Room { name, at })
        }
        (Some("settings"), None, _) if query.is_empty() => Some(Inside::Settings),
        (Some("rooms"), Some(name), Some(page)) if page == "settings" => {
            let nothing_else = segments.next().is_none() && query.is_empty();
            nothing_else.then_some(Inside::RoomSettings { name })
        }
        (Some("search"), None, _) => {
            // As a form has it, a plus is a space.
            let typed = |field: &str| decode(&field.replace('+', " "));
            let (words, before) = match only("words").and_then(|it| it.split_once("&before=")) {
                Some((words, before)) => (Some(words), Some(before)),
                None => (only("words"), None),
            };
            let one = |field: &&str| !field.contains('&');
            let found = query.is_empty() || words.filter(one).is_some();
            (found && before.is_none_or(|before| one(&before))).then(|| Inside::Search {
                words: typed(words.unwrap_or_default()),
                before: before.map(typed),
            })
        }
        _ => None,
    }
}

/// What of an API answer's JSON says where to go.
#[derive(Default, Deserialize)]
pub struct Outcome {
    #[serde(default)]
    pub id: Option<RoomId>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// Where a form that went well leads, given its endpoint's name, the answer and its fields. `None` is the page
/// that it is on.
pub fn onwards(
    endpoint: &str,
    outcome: &Outcome,
    field: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    if let Some(then) = field("then").filter(|then| is_local(then)) {
        return Some(then);
    }
    match endpoint {
        "claim_username" | "sign_in" | "use_pass" | "use_passkey" => {
            outcome.username.as_deref().map(dashboard)
        }
        "create_room" | "join_room" => Some(room(&field("me")?, outcome.name.as_deref()?)),
        "rename_room" | "describe_room" => {
            Some(room_settings(&field("me")?, outcome.name.as_deref()?))
        }
        "leave_room" | "delete_room" => field("me").as_deref().map(dashboard),
        "give_up_username" | "log_out" => Some(home().to_owned()),
        _ => None,
    }
}

/// Whether a path leads nowhere but to this server.
pub fn is_local(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
}

/// A text as one segment of a path.
pub fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// The text that is percent-encoded in a part of a URL.
pub fn decode(text: &str) -> String {
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
        assert_eq!(invite_as("a b", "zoë&"), "/rooms/a%20b?as=zo%C3%AB%26");
    }

    #[test]
    fn who_acts_is_read_from_a_segment() {
        assert_eq!(acting("@alice"), Some("alice"));
        assert_eq!(acting("@@lice"), Some("@lice"));
        assert_eq!(acting("alice"), None);
        assert_eq!(acting("@"), None);
    }

    #[test]
    fn one_s_own_pages_are_told_from_all_others() {
        let room = |name: &str| {
            let (name, at) = (name.into(), None);
            Some(Inside::Room { name, at })
        };
        let inside = |me: &str, path: &str| inside(me, path, "");
        assert_eq!(inside("alice", "/@alice"), Some(Inside::Dashboard));
        assert_eq!(inside("alice", "/@alice/rooms/general"), room("general"));
        for name in ["a/b?c#d%e f", "日本", "rooms"] {
            assert_eq!(inside("zoë@", &super::room("zoë@", name)), room(name));
        }
        for elsewhere in [
            "/",
            "/@bob",
            "/@bob/rooms/general",
            "/rooms/general",
            "/@alice/",
            "/@alice/settings/",
            "/@alice/rooms/general/others",
            "/@alice/rooms/general/settings/",
        ] {
            assert_eq!(inside("alice", elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_form_leads_only_to_pages_of_this_server() {
        assert!(is_local("/rooms/general") && is_local("/"));
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "evil",
            "",
        ] {
            assert!(!is_local(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_form_that_went_well_leads_on() {
        let to = |endpoint: &str, answer: &str, fields: &[(&str, &str)]| {
            let outcome = serde_json::from_str::<Option<Outcome>>(answer)
                .expect("an answer")
                .unwrap_or_default();
            onwards(endpoint, &outcome, |name| {
                let found = fields.iter().find(|(field, _)| *field == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let claimed = r#"{"username":"Alice"}"#;
        let opened = r#"{"id":17,"name":"The Garden"}"#;
        assert_eq!(
            to("claim_username", claimed, &[]).as_deref(),
            Some("/@Alice")
        );
        assert_eq!(
            to("claim_username", claimed, &[("then", "/rooms/x")]).as_deref(),
            Some("/rooms/x")
        );
        assert_eq!(
            to("claim_username", claimed, &[("then", "//evil.example")]).as_deref(),
            Some("/@Alice")
        );
        assert_eq!(
            to(
                "join_room",
                opened,
                &[("me", "alice"), ("name", "the garden")]
            )
            .as_deref(),
            Some("/@alice/rooms/The%20Garden")
        );
        assert_eq!(
            to("leave_room", "null", &[("me", "alice")]).as_deref(),
            Some("/@alice")
        );
        assert_eq!(
            to("give_up_username", "null", &[("me", "alice")]).as_deref(),
            Some("/")
        );
        assert_eq!(to("post_message", r#"{"seq":1}"#, &[("me", "alice")]), None);
    }

    #[test]
    fn settings_are_pages_of_one_s_own_unless_they_ask_something() {
        let of = |url: &str| {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            inside("alice", path, query)
        };
        assert_eq!(of(&settings("alice")), Some(Inside::Settings));
        for name in ["general", "settings", "a/b?c"] {
            let url = room_settings("alice", name);
            let name = name.to_owned();
            assert_eq!(of(&url), Some(Inside::RoomSettings { name }));
            assert_eq!(of(&format!("{url}?ask=leave")), None);
        }
        assert_eq!(of("/@alice/settings?ask=give-up"), None);
    }

    #[test]
    fn a_message_and_a_search_are_pages_of_one_s_own_too() {
        let of = |url: &str| {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            inside("alice", path, query)
        };
        let (name, at) = ("general".to_owned(), Some(812));
        assert_eq!(
            of(&message("alice", "general", 812)),
            Some(Inside::Room { name, at })
        );
        for words in ["", "a b", "\"c&d\"", "e+f*", "日本"] {
            let found = |before: Option<&str>| {
                let (words, before) = (words.to_owned(), before.map(str::to_owned));
                Some(Inside::Search { words, before })
            };
            assert_eq!(of(&search("alice", words)), found(None));
            if !words.is_empty() {
                assert_eq!(
                    of(&search_before("alice", words, "a/b 7")),
                    found(Some("a/b 7"))
                );
            }
        }
        for elsewhere in [
            "/@alice?ask=log-out",
            "/@alice/rooms/general?before=5",
            "/@alice/search?words=a&before=5&more",
            "/@alice/search?before=5",
        ] {
            assert_eq!(of(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_pass_survives_the_fragment() {
        let link = sign_in_with_pass("pass_a-b_c");
        let (_, fragment) = link.split_once('#').expect("the link has a fragment");
        assert_eq!(pass_in_fragment(fragment).as_deref(), Some("pass_a-b_c"));
        assert_eq!(pass_in_fragment("#pass="), None);
        assert_eq!(pass_in_fragment("#key=pass"), None);
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
