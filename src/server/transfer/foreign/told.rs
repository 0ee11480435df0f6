//! What became of what was brought in, counted.

use std::{collections::BTreeMap, fmt};

/// What was left out, and what is not as it was.
#[derive(Debug, Default)]
pub struct Told {
    left_out: BTreeMap<&'static str, u64>,
    changed: BTreeMap<&'static str, u64>,
}

impl Told {
    pub fn left_out(&mut self, what: &'static str) {
        self.many_left_out(what, 1);
    }

    pub fn many_left_out(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count;
        }
    }

    pub fn changed(&mut self, what: &'static str) {
        *self.changed.entry(what).or_default() += 1;
    }
}

/// A line each.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.changed {
            writeln!(f, "changed: {count} {what}")?;
        }
        for (what, count) in &self.left_out {
            writeln!(f, "left out: {count} {what}")?;
        }
        Ok(())
    }
}
