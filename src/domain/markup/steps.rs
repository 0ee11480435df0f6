//! The parser's work, counted where a test holds it against the length of the text.

#[cfg(test)]
thread_local! {
    /// What the parser has done on this thread.
    pub static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts what the parser does, so that a test can tell how that grows.
#[inline(always)]
pub fn step() {
    #[cfg(test)]
    STEPS.set(STEPS.get() + 1);
}
