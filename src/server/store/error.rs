//! Why a store did not do something, or ended.

use crate::domain::{ApiError, Code, Deed};

/// Why a store has ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the disk failed, or the database on it is damaged")]
    Disk,
    #[error("the store's thread panicked")]
    Panicked,
}

/// Why the store did not do it. Nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the room name is taken")]
    RoomTaken,
    #[error("no such room, or not a member")]
    NoSuchRoom,
    #[error("the key or the invite does not open the room")]
    WrongKey,
    #[error("the pass is wrong, used or too old")]
    WrongPass,
    #[error("the passphrase is not the name's, or no longer")]
    WrongPassphrase,
    #[error("the last way into the name")]
    LastWayIn,
    #[error("the name has as many passkeys as it may")]
    TooManyPasskeys,
    #[error("no such member")]
    NoSuchMember,
    #[error("the room has all the invites it may have")]
    TooManyInvites,
    #[error("not the room's owner")]
    NotOwner,
    #[error("no such message, or it was deleted")]
    NoSuchMessage,
    #[error("not the message's author")]
    NotAuthor,
    #[error("not allowed in that role")]
    NotAllowed,
    #[error("the message has all the kinds of reactions it may have")]
    TooManyReactions,
    #[error("the user is gone")]
    NotMe,
    #[error("the storage is full")]
    Full,
    #[error("the storage failed")]
    Unavailable,
    #[error("the disk failed")]
    Broken,
}

impl From<Deed> for StoreError {
    /// What somebody is told whose role does not let them do that.
    fn from(deed: Deed) -> Self {
        match deed.refusal() {
            Code::NotAuthor => Self::NotAuthor,
            Code::NotOwner => Self::NotOwner,
            _ => Self::NotAllowed,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UsernameTaken => ApiError::username_taken(),
            StoreError::RoomTaken => ApiError::room_taken(),
            StoreError::NoSuchRoom => ApiError::no_such_room(),
            StoreError::WrongKey => ApiError::wrong_key(),
            StoreError::WrongPass => ApiError::wrong_pass(),
            StoreError::WrongPassphrase => ApiError::wrong_passphrase(),
            StoreError::TooManyPasskeys => ApiError::too_many_passkeys(),
            StoreError::LastWayIn => ApiError::last_way_in(),
            StoreError::NoSuchMember => ApiError::no_such_member(),
            StoreError::TooManyInvites => ApiError::too_many_invites(),
            StoreError::NotOwner => ApiError::not_owner(),
            StoreError::NoSuchMessage => ApiError::no_such_message(),
            StoreError::NotAuthor => ApiError::not_author(),
            StoreError::NotAllowed => ApiError::not_allowed(),
            StoreError::TooManyReactions => ApiError::too_many_reactions(),
            StoreError::NotMe => ApiError::not_me(),
            StoreError::Full => ApiError::storage_full(),
            StoreError::Unavailable | StoreError::Broken => ApiError::unavailable(),
        }
    }
}
