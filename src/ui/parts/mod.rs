//! What pages share.

pub mod clock;
mod dialog;
mod flash;
mod forms;
mod header;
mod icons;
mod invitation;
mod key_field;
mod link;
mod links;
mod names;
mod rows;

pub use dialog::Confirm;
pub use flash::{flash, forget_flash_on_leaving, provide_flash};
pub use forms::{About, Field, FormError, Post};
pub use header::Header;
pub use icons::{Door, Icon, Logo};
pub use invitation::{InvitationCopy, known_key, remember_key};
pub use key_field::KeyField;
pub use link::PageLink;
pub use names::{Names, provide_names, use_names};
