//! Faces are doors: of a person an arch with their initial, of a room one with a leaf that is shut, ajar or open.
//! They only decorate: the name stands beside them. `style/faces.css` draws them.

use leptos::prelude::*;

use super::{case::lowercase, html::push_text};

/// Hues that a name can have: every fifteenth degree, each a class, as the page's policy allows no styles in
/// its markup.
const HUES: u32 = 24;

/// A person's face. Whether it is *me*'s, and whether they are here, is told by what it stands in.
#[component]
pub fn Face<'a>(name: &'a str) -> impl IntoView + use<> {
    let class = format!("face {}", hue(name));
    view! { <span class=class data-initial=initial(name) aria-hidden="true"></span> }
}

/// The same, as HTML.
pub fn face_html(out: &mut String, name: &str) {
    let (hue, initial) = (hue(name), initial(name));
    out.extend(["<span class=\"face ", &hue, "\" data-initial=\""]);
    push_text(out, &initial);
    out.push_str("\" aria-hidden=\"true\"></span>");
}

/// A room's, as HTML.
pub fn door_html(out: &mut String, name: &str) {
    out.extend([
        "<span class=\"face door ",
        &hue(name),
        "\" aria-hidden=\"true\"></span>",
    ]);
}

/// A room's door. How far it is open is told by what it stands in.
#[component]
pub fn RoomDoor<'a>(name: &'a str) -> impl IntoView + use<> {
    let class = format!("face door {}", hue(name));
    view! { <span class=class aria-hidden="true"></span> }
}

/// The class of a name's hue, the same in whatever case it is written: FNV-1a, folded to 16 bits.
fn hue(name: &str) -> String {
    let hash = lowercase(name).bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("h{}", (hash ^ hash >> 16) % HUES)
}

/// What stands on a person's door: the first character that is not punctuation, with its accents. The style
/// sheet makes it a capital, as the page's language has it.
fn initial(name: &str) -> String {
    let accent = |char: &char| matches!(char, '\u{300}'..='\u{36f}');
    let start = name
        .find(|char: char| !char.is_ascii_punctuation())
        .unwrap_or(0);
    let mut chars = name[start..].chars();
    chars
        .next()
        .into_iter()
        .chain(chars.take_while(accent))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both themes' tokens, the dark ones last.
    const TOKENS: &str = include_str!("../../../style/tokens.css");
    const FACES: &str = include_str!("../../../style/faces.css");

    #[test]
    fn a_name_has_the_same_hue_in_whatever_case_it_is_written() {
        assert_eq!(hue("Zoë"), hue("zOË"));
        assert_eq!(hue("ΩMEGA"), hue("ωmega"));
    }

    #[test]
    fn names_that_differ_by_a_number_spread_over_the_hues() {
        let mut seen: Vec<_> = (0..200).map(|n| hue(&format!("room {n}"))).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), HUES as usize);
    }

    #[test]
    fn every_hue_is_in_the_style_sheet() {
        // The first is what a face has without a class.
        for hue in 1..HUES {
            let rule = format!(".h{hue} {{\n  --hue: {};\n}}", hue * 360 / HUES);
            assert!(FACES.contains(&rule), "{rule}");
        }
        assert!(!FACES.contains(&format!(".h{HUES} ")));
    }

    #[test]
    fn an_initial_is_a_letter_with_its_accents() {
        for (name, expected) in [
            ("Matteo", "M"),
            ("_bob", "b"),
            ("e\u{301}va", "e\u{301}"),
            ("אברהם", "א"),
            ("7up", "7"),
            ("...", "."),
            ("", ""),
        ] {
            assert_eq!(initial(name), expected, "{name}");
        }
    }

    #[test]
    fn an_initial_can_be_read_on_every_door_in_both_themes() {
        let value = |theme: &str, name: &str| -> f64 {
            let (_, rest) = theme.split_once(&format!("--{name}: ")).expect("a token");
            let (text, _) = rest.split_once(';').expect("its end");
            match text.strip_suffix('%') {
                Some(percent) => percent.parse::<f64>().expect("a number") / 100.0,
                None => text.parse().expect("a number"),
            }
        };
        let (light, dark) = TOKENS
            .split_once("prefers-color-scheme: dark")
            .expect("two themes");
        for theme in [light, dark] {
            for hue in 0..HUES {
                let degrees = f64::from(hue * 360 / HUES);
                let ground = luminance(value(theme, "face-l"), value(theme, "face-c"), degrees);
                let figure = luminance(value(theme, "mono-l"), value(theme, "mono-c"), degrees);
                let contrast = (ground.max(figure) + 0.05) / (ground.min(figure) + 0.05);
                assert!(contrast >= 4.5, "{contrast:.2} at a hue of {degrees}°");
            }
        }
    }

    /// The relative luminance (WCAG 2.2) of a colour in OKLCH, clipped to sRGB as browsers do.
    fn luminance(lightness: f64, chroma: f64, degrees: f64) -> f64 {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (a, b) = (chroma * cos, chroma * sin);
        let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        let red = 4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s;
        let green = -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s;
        let blue = -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s;
        0.212_6 * red.clamp(0.0, 1.0)
            + 0.715_2 * green.clamp(0.0, 1.0)
            + 0.072_2 * blue.clamp(0.0, 1.0)
    }
}
