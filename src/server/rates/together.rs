//! What counts for all processes of a server together: each tells the others, and counts what they tell. One that is not
//! told in time lets a little more pass.

use std::sync::{MutexGuard, PoisonError};

use super::{Limits, network, tried::Tried};
use crate::domain::ApiError;

/// Told at once at most. More is a flood, which each process counts for itself.
const NEWS: usize = 1_000;

impl Limits {
    /// From now on there may be other processes.
    pub fn tell_others(&self) {
        self.tried().get_or_insert_default();
    }

    /// What others are to count that they have not been told.
    pub fn news(&self) -> Vec<Tried> {
        self.tried()
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Counts what was tried at another process.
    pub fn heard(&self, tried: &Tried) {
        // Whether it was too much was for that one to say.
        let _ = self.count(tried);
    }

    pub(super) fn try_to(&self, tried: Tried) -> Result<(), ApiError> {
        self.count(&tried)?;
        if let Some(news) = self.tried().as_mut().filter(|news| news.len() < NEWS) {
            news.push(tried);
        }
        Ok(())
    }

    fn count(&self, tried: &Tried) -> Result<(), ApiError> {
        match tried {
            Tried::Claim(address) => self
                .claims
                .as_ref()
                .map_or(Ok(()), |limit| limit.take(network(*address))),
            Tried::Key(user, address) => {
                let Some(keys) = &self.keys else {
                    return Ok(());
                };
                keys.users.strike(*user)?;
                keys.addresses.strike(network(*address))
            }
            Tried::RightKey(user, address) => {
                if let Some(keys) = &self.keys {
                    keys.users.forgive(*user);
                    keys.addresses.forgive(network(*address));
                }
                Ok(())
            }
            Tried::Guess(target, address) => {
                let Some(guesses) = &self.guesses else {
                    return Ok(());
                };
                let address = network(*address);
                guesses.addresses.strike(address)?;
                let struck = guesses.targets.strike((target.clone(), address));
                if struck.is_err() {
                    guesses.addresses.forgive(address);
                }
                struck
            }
            Tried::RightGuess(target, address) => {
                if let Some(guesses) = &self.guesses {
                    let address = network(*address);
                    guesses.addresses.forgive(address);
                    guesses.targets.forgive((target.clone(), address));
                }
                Ok(())
            }
            Tried::Room(user, address) => self
                .rooms
                .as_ref()
                .map_or(Ok(()), |limit| limit.take(*user, *address)),
        }
    }

    fn tried(&self) -> MutexGuard<'_, Option<Vec<Tried>>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn what_was_tried_at_one_process_counts_at_the_others() {
        let rates = "keys=3/h,claims=1/h,rooms=1/h".parse().expect("rates");
        let (one, other) = (Limits::new(&rates), Limits::new(&rates));
        let here: IpAddr = "192.0.2.1".parse().expect("an address");
        assert!(
            one.claim(here).is_ok() && one.news().is_empty(),
            "nobody listens"
        );
        one.tell_others();
        for _ in 0..3 {
            one.key_try(1, here).expect("one of three");
            one.guess("alice", here).expect("one of three");
        }
        one.new_room(1, here).expect("the first");
        let news = one.news();
        assert_eq!((news.len(), one.news().len()), (7, 0));
        news.iter().for_each(|tried| other.heard(tried));
        assert!(other.key_try(1, here).is_err() && other.guess("alice", here).is_err());
        assert!(other.new_room(1, here).is_err());
        other.heard(&Tried::RightKey(1, here));
        other.heard(&Tried::RightGuess("alice".to_owned(), here));
        assert!(other.key_try(1, here).is_ok() && other.guess("alice", here).is_ok());
        assert!(other.news().is_empty());
    }
}
