//! What other chat servers keep, as lines that an empty server can be filled with.
//!
//! What they have and this one has not is left out or made into what is nearest to it, and counted ([`Told`]). People
//! come with their names, those who are still there as names that are held: each gets a link that lets one browser in,
//! once. Rooms come with their members and a new key. Both are written into a file for the keeper ([`WaysIn`]).

mod bodies;
mod brought;
mod campfire;
mod names;
mod slack;
mod told;
mod ways_in;

use std::path::Path;

use clap::ValueEnum;

use self::brought::Foreign;
pub use self::{told::Told, ways_in::WaysIn};
use super::{ImportError, Take};

/// Whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// Campfire (ONCE), its SQLite file: `storage/db/production.sqlite3`.
    Campfire,
    /// Slack, an exported workspace as the ZIP file that it comes in.
    Slack,
}

/// Reads all of `input` and gives `take` a line for each thing in it.
///
/// # Errors
/// Where it is not what it is said to be, or cannot be read.
pub fn read(
    from: From,
    input: &Path,
    ways_in: &mut WaysIn<'_>,
    take: &mut Take<'_>,
) -> Result<Told, ImportError> {
    let mut foreign = Foreign::new(take, ways_in);
    match from {
        From::Campfire => campfire::read(input, &mut foreign)?,
        From::Slack => slack::read(input, &mut foreign)?,
    }
    Ok(foreign.told)
}
