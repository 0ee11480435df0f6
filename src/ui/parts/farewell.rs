//! What is said to whoever leaves a room, on the page that they come to then. The form's answer and the socket
//! both bring word of it, in either order; the socket alone tells that the room is gone with its last member.

use std::cell::Cell;

use super::notice;

thread_local! {
    static LEAVING: Cell<Leaving> = const { Cell::new(Leaving::No) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// *me* has pressed "Leave".
    Asked,
    /// And the room is gone.
    Last,
}

/// *me* leaves a room by way of this page, or does not after all.
pub fn set_leaving(yes: bool) {
    LEAVING.set(if yes { Leaving::Asked } else { Leaving::No });
}

pub fn is_leaving() -> bool {
    LEAVING.get() != Leaving::No
}

/// *me* has left the room of that name. `false` where more has been said already, and the page is going on.
pub fn has_left(name: &str) -> bool {
    let news = LEAVING.get() != Leaving::Last;
    if news {
        notice::leave(&format!("You left {name}."));
    }
    news
}

/// The room of that name is gone because *me* has left it.
pub fn was_last(name: &str) {
    LEAVING.set(Leaving::Last);
    notice::leave(&format!(
        "You left {name}. Nobody else was in it, so it is gone."
    ));
}
