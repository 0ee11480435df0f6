//! Code spans: from a run of backticks to the next that is as long.

use super::steps::step;

/// How often the character here is repeated.
pub fn run_length(bytes: &[u8], at: usize) -> usize {
    let run = bytes[at..].iter().take_while(|c| **c == bytes[at]);
    run.inspect(|_| step()).count()
}

/// By length, where the last run of backticks of that length begins.
pub fn last_runs(bytes: &[u8], from: usize) -> Vec<usize> {
    let mut last = Vec::new();
    let mut at = from;
    while at < bytes.len() {
        step();
        if bytes[at] == b'`' {
            let length = run_length(bytes, at);
            if last.len() <= length {
                last.resize(length + 1, 0);
            }
            last[length] = at;
            at += length;
        } else {
            at += 1;
        }
    }
    last
}

/// Where the next run of exactly so many backticks begins.
pub fn next_run(bytes: &[u8], from: usize, length: usize) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() {
        step();
        if bytes[at] == b'`' {
            let found = run_length(bytes, at);
            if found == length {
                return Some(at);
            }
            at += found;
        } else {
            at += 1;
        }
    }
    None
}

/// What a code span shows: its line breaks are spaces, and one space at either end sets backticks apart.
pub fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text
        .strip_prefix(' ')
        .and_then(|text| text.strip_suffix(' '))
    {
        Some(inner) if !inner.trim_matches(' ').is_empty() => inner.to_owned(),
        _ => text,
    }
}
