//! Holds the parser's work against the length of the text, in steps and not in time.

use proptest::prelude::*;

use super::super::{steps::STEPS, *};
use crate::domain::limits;

proptest! {
    #[test]
    fn the_work_grows_no_faster_than_the_text(
        start in "[*_~`\\[(<>\\- \n]{0,4}",
        unit in "([*_~`\\[\\]()<>\\\\ \n\t>-]|[*_~]{1,5}|`{1,5}|\\]\\(|\\[a\\]|1\\. |- |@b|://|http://x|a|\"|'){1,9}",
        end in "[*_~`\\[\\])<>\\- \n]{0,4}",
    ) {
        let body = start + &unit.repeat(limits::BODY_CHARS / unit.chars().count()) + &end;
        prop_assert!(steps_a_byte(&body) <= STEPS_A_BYTE, "{} a byte for {:?}", steps_a_byte(&body), unit);
    }
}

/// How many steps the worst text may take. What makes it so many is that each line looks at all that it stands in, and
/// what is in parentheses may be read as an address so many times.
const STEPS_A_BYTE: usize = 48;

fn steps_a_byte(body: &str) -> usize {
    STEPS.set(0);
    parse(body, &mut |_| false);
    STEPS.get() / body.len().max(1)
}

/// Texts that parsers have been slow on, of about so many bytes.
fn worst(size: usize) -> Vec<(&'static str, String)> {
    let runs: String = (1..)
        .map(|length| "`".repeat(length) + " ")
        .take((size as f64 * 2.0).sqrt() as usize)
        .collect();
    let up_and_down: String = (1..size / 8)
        .map(|n| format!("{}\n", "> ".repeat(n % 20)))
        .collect();
    let half = size / 2;
    vec![
        ("quotes", ">".repeat(size)),
        ("quotes and lists", "> - ".repeat(size / 4)),
        ("lists", "- ".repeat(half)),
        ("lists, a line each", "- - - - - - - -\n".repeat(size / 16)),
        (
            "quotes, a line each",
            format!("{}a\n", ">".repeat(16)).repeat(size / 18),
        ),
        ("quotes up and down", up_and_down),
        ("fences that never end", "```\n".repeat(size / 4)),
        (
            "one fence that never ends",
            format!("~~~\n{}", "a\n".repeat(half)),
        ),
        ("emphases of two kinds", "*_".repeat(half)),
        ("openers", "*a ".repeat(size / 3)),
        ("closers", "a* ".repeat(size / 3)),
        (
            "openers, then closers of another kind",
            "*a ".repeat(size / 6) + &"a_ ".repeat(size / 6),
        ),
        ("rule of three", "*a**".repeat(size / 4)),
        (
            "nested emphases",
            "*a ".repeat(size / 6) + &"a* ".repeat(size / 6),
        ),
        ("runs of backticks", runs),
        ("backticks", "`a``".repeat(size / 4)),
        ("escaped backticks", "\\``".repeat(size / 3)),
        ("brackets", "[".repeat(size)),
        ("brackets and back", "[".repeat(half) + &"]".repeat(half)),
        ("links that never end", "[a](".repeat(size / 4)),
        ("links with parentheses", "[a](b()".repeat(size / 7)),
        ("links with titles", "[a](b \"".repeat(size / 7)),
        (
            "links in links",
            "[".repeat(half) + &"](http://x)".repeat(size / 22),
        ),
        ("angle brackets", "<".repeat(size)),
        ("addresses that never end", "<http://a".repeat(size / 9)),
        ("schemes", "http://".repeat(size / 7)),
        ("at signs", "@".repeat(size)),
        ("mentions", "(@!!!!!!".repeat(size / 8)),
        ("mail", "a@a".repeat(size / 3)),
        ("tabs", "-\t".repeat(half)),
        ("indentation", (" ".repeat(60) + "a\n").repeat(size / 62)),
        ("backslashes", "\\".repeat(size)),
        ("strikes", "~~a ~b ".repeat(size / 7)),
    ]
}

#[test]
fn the_worst_texts_take_no_more_steps_a_byte_when_they_are_longer() {
    for size in [limits::BODY_CHARS, 16 * limits::BODY_CHARS] {
        for (name, body) in worst(size) {
            let steps = steps_a_byte(&body);
            assert!(
                steps <= STEPS_A_BYTE,
                "{name}: {steps} steps a byte of {size}"
            );
        }
    }
}
