//! What pages are made of. An `#[island]` comes alive in the browser; everything else is rendered by the
//! server alone, or within an island.
//!
//! Views within islands keep their types: one made `into_any()` brings code along for every way in which it
//! could be hydrated, of which this program uses one. Where a view can be this or that, it is an `Either`.
//!
//! The log's rows are no views but HTML ([`row_html`]), heard as a whole ([`hand`]); what can be done to a message
//! ([`tools`]), and where one can go ([`switcher`]), are parts of the WASM of their own, which come when somebody
//! reaches for them.

mod banner;
mod body;
mod case;
mod claim;
pub mod clock;
mod composer;
mod dialog;
mod editor;
mod emoji_picker;
mod face;
mod forms;
mod hand;
mod header;
#[cfg(feature = "ssr")]
mod hits;
pub mod html;
mod icons;
mod invitation;
mod key_field;
mod last_words;
mod member_list;
mod message_row;
mod naming;
mod notice;
pub mod passkeys;
mod place;
#[cfg(feature = "ssr")]
mod plain;
pub mod presses;
mod qr;
mod quote;
mod room_list;
mod room_nav;
mod row_dom;
mod row_html;
mod rows;
mod steady;
mod switcher;
mod taps;
mod target;
mod textbox;
mod timeline;
mod tools;
mod typing;

pub use banner::CutOff;
#[cfg(feature = "ssr")]
pub use body::html as body_html;
pub use claim::ClaimForm;
pub use clock::{Clock, machine, use_clock};
pub use composer::{Composer, Sheet};
pub use dialog::{Asked, Confirm};
pub use face::{Face, RoomDoor};
pub use forms::{Field, FieldError, FormError, LastTry};
pub use header::Header;
#[cfg(feature = "ssr")]
pub use hits::Marked;
pub use icons::{Doorway, Icon, Logo};
pub use invitation::{
    InvitationCopy, forget_key, forget_keys, invited_key, keep_invited_key, known_key, remember_key,
};
pub use key_field::KeyField;
pub use last_words::{LastWords, When};
pub use member_list::{MemberList, OnlineCount, leave_hint};
pub use notice::Notice;
#[cfg(feature = "ssr")]
pub use plain::{
    PlainAsk, PlainButton, PlainForm, PlainHead, PlainLink, PlainSecret, PlainSection, Reader,
};
pub use room_list::RoomList;
pub use room_nav::RoomNav;
pub use switcher::Switcher;
pub use taps::Taps;
pub use textbox::focus_composer;
pub use timeline::Timeline;
pub use typing::Typing;

/// Text as the content of an element that holds nothing else, such as a textarea. As a child it would get the
/// markers by which texts are told apart in hydration, and such an element would show them.
pub fn as_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_markup_cannot_leave_the_element_that_holds_it() {
        assert_eq!(
            as_text("</textarea><b>&amp;"),
            "&lt;/textarea>&lt;b>&amp;amp;"
        );
    }
}
