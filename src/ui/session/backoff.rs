//! How long to wait before the next try to connect: exponential backoff with full jitter, so that a
//! thousand browsers that lost one server do not come back in one instant.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// No wait is shorter, whatever the jitter says: a server that hangs up at once must not be hammered.
const SHORTEST: Duration = Duration::from_millis(100);
/// A restarting server is back within seconds; its readers spread over this much.
const RESTART: Duration = Duration::from_millis(2_500);

/// The wait before try number `attempt` (0 is the first after a loss). `random` is in 0..1.
pub fn delay(attempt: u32, random: f64) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    ceiling.mul_f64(random.clamp(0.0, 1.0)).max(SHORTEST)
}

/// The wait after a server said that it restarts.
pub fn restart_delay(random: f64) -> Duration {
    Duration::from_millis(250) + RESTART.mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_half_a_minute() {
        let ceilings: Vec<_> = (0..9)
            .map(|attempt| delay(attempt, 1.0).as_millis())
            .collect();
        assert_eq!(
            ceilings,
            [
                500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000
            ]
        );
        assert_eq!(delay(u32::MAX, 1.0), LONGEST);
    }

    #[test]
    fn jitter_spreads_over_the_whole_range_but_never_reaches_zero() {
        assert_eq!(delay(3, 0.5).as_millis(), 2_000);
        assert_eq!(delay(3, 0.0), SHORTEST);
        assert!(restart_delay(0.0) < restart_delay(1.0));
    }
}
