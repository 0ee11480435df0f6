//! Session tokens that are nobody's: a browser that shows one again and again costs the store one look. A token is
//! random and made here, so that what is nobody's now is never anybody's later.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::store::TokenHash;

/// Tokens remembered at most; past that, all are forgotten.
const TOKENS: usize = 10_000;

#[derive(Default)]
pub struct Strangers(Mutex<HashSet<TokenHash>>);

impl Strangers {
    pub fn are_known(&self, token: TokenHash) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&token)
    }

    pub fn remember(&self, token: TokenHash) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= TOKENS {
            known.clear();
        }
        known.insert(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_strangers_is_remembered() {
        let strangers = Strangers::default();
        let token = |n: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            TokenHash(bytes)
        };
        for n in 0..3 * TOKENS {
            strangers.remember(token(n));
            assert!(strangers.are_known(token(n)));
        }
        assert!(strangers.0.lock().expect("no panic").len() <= TOKENS);
    }
}
