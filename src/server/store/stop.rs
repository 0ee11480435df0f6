//! Why a change was not made, and whom that concerns.

use super::StoreError;
use crate::domain::{Deed, Role};

/// Why a change was not made.
#[derive(Debug)]
pub enum Stop {
    /// By the rules, before anything was written: the others in the transaction are not concerned.
    Refused(StoreError),
    /// By the storage: the whole transaction is lost.
    Failed(StoreError),
}

pub type Changed<T> = Result<T, Stop>;

/// Lets somebody of that role through, where it lets them do that.
pub fn allow(role: Role, deed: Deed) -> Changed<()> {
    if role.may(deed) {
        Ok(())
    } else {
        Err(Stop::Refused(deed.into()))
    }
}
