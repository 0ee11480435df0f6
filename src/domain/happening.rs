//! What happens to a room itself, besides what is said in it: who came and went, and what was changed.

use serde::{Deserialize, Serialize};

use super::Seq;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    Joined,
    Left,
    /// The member `who` was shown out.
    Removed,
    /// Its name is `to` from now on. So in what follows.
    Name,
    Topic,
    Key,
    /// That of the member `who`.
    Role,
    /// Who may post.
    Posting,
    /// For how many days messages are kept; empty for ever.
    Keep,
    /// All messages up to the seq `to` are erased.
    Erased,
}

/// One entry of that kind: `[seq, what, by, who, to]` in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Happening {
    pub seq: Seq,
    pub what: Happened,
    /// Who did it.
    pub by: String,
    /// To whom, where it was done to somebody.
    pub who: Option<String>,
    /// What it was changed to.
    pub to: Option<String>,
}

type Row = (Seq, Happened, String, Option<String>, Option<String>);

impl From<Row> for Happening {
    fn from((seq, what, by, who, to): Row) -> Self {
        Self {
            seq,
            what,
            by,
            who,
            to,
        }
    }
}

impl From<Happening> for Row {
    fn from(it: Happening) -> Self {
        (it.seq, it.what, it.by, it.who, it.to)
    }
}
