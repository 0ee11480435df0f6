//! What is answered is true, whatever becomes of the disk or the power: the store at work on a disk that fails
//! ([`disk`]), and what is there afterwards.
//!
//! `LATCHKEY_CRASHES` says how many crash points are tried, `LATCHKEY_CRASH` which one alone.

mod disk;
mod drill;
mod random;
mod vfs;
mod words;

use std::{
    env,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use self::drill::Drill;

/// As many as take a few seconds.
const CRASHES: usize = 300;

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn at_any_point_of_a_crash_what_was_answered_is_true() {
    if let Some(one) = number("LATCHKEY_CRASH") {
        println!("{:?}", Drill::new(one as u64).run());
        return;
    }
    let crashes = number("LATCHKEY_CRASHES").unwrap_or(CRASHES);
    // They mostly wait for the pauses between commits.
    let next = AtomicUsize::new(0);
    let total = thread::scope(|scope| {
        let work = || {
            let mut found = drill::Found::default();
            loop {
                let crash = next.fetch_add(1, Ordering::Relaxed);
                if crash >= crashes {
                    return found;
                }
                found += Drill::new(crash as u64).run();
            }
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(work)).collect();
        let mut total = drill::Found::default();
        for thread in threads {
            total += thread.join().expect("every crash is survived");
        }
        total
    });
    println!("{crashes} crash points: {total:?}");
    assert!(total.confirmed > crashes && total.refused > 0 && total.unanswered > 0);
}
