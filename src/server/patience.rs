//! How long names and sessions may rest before they are forgotten.

use super::store::{Rest, Unused, now};
use crate::domain::Millis;

const DAY: Millis = 24 * 60 * 60 * 1000;

/// For how many days names and sessions may rest; for ever where there is no number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    pub names: Option<u32>,
    pub sessions: Option<u32>,
}

impl Patience {
    /// What somebody is told who has come back in the second half of what they had.
    pub fn warning(&self, me: &str, rest: Rest) -> Option<String> {
        let late = |limit: Option<u32>, rested: Millis| {
            let limit = limit.filter(|&days| 2 * rested >= Millis::from(days) * DAY)?;
            Some((rested / DAY, limit))
        };
        if let Some((rested, limit)) = late(self.names, rest.name) {
            return Some(format!(
                "Nobody had used @{me} for {}. This server frees names that nobody uses for {}.",
                days(rested),
                days(limit)
            ));
        }
        let (rested, limit) = late(self.sessions, rest.session)?;
        Some(format!(
            "You had not been here as @{me} for {}. This server signs out browsers that are away for {}: see to it in \
             the settings that you can sign in again.",
            days(rested),
            days(limit)
        ))
    }

    /// What has rested for longer than that.
    pub fn unused(&self) -> Unused {
        let since = |days: u32| now() - Millis::from(days) * DAY;
        Unused {
            names: self.names.map(since),
            sessions: self.sessions.map(since),
        }
    }
}

fn days(count: impl Into<i64>) -> String {
    match count.into() {
        1 => "1 day".to_owned(),
        count => format!("{count} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_in_the_second_half_is_warned() {
        let patience = Patience {
            names: Some(365),
            sessions: Some(30),
        };
        let warning = |name: Millis, session: Millis| {
            patience.warning(
                "alice",
                Rest {
                    name: name * DAY,
                    session: session * DAY,
                },
            )
        };
        assert_eq!(warning(0, 14), None);
        let session = warning(14, 15).expect("a warning");
        assert!(
            session.contains("15 days") && session.contains("30 days"),
            "{session}"
        );
        let name = warning(200, 200).expect("a warning");
        assert!(
            name.contains("@alice for 200 days") && name.contains("365"),
            "{name}"
        );
        assert_eq!(
            Patience::default().warning(
                "alice",
                Rest {
                    name: 99 * DAY,
                    session: 99 * DAY
                }
            ),
            None
        );
    }
}
