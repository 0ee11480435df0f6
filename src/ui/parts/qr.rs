//! QR codes (ISO/IEC 18004), drawn here and by nobody else: what they say is a secret. A part of the WASM of its own,
//! which comes when the first of them is wanted.

use leptos::wasm_split::{SplitLoaderError, wasm_split};
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of nothing around a code, so that a camera finds its edges.
const QUIET: i32 = 4;

/// A text as a QR code, in SVG; empty for one that is too long for any. It is black on white whatever the page's
/// colours are: not every camera reads another.
///
/// # Errors
/// Where this cannot be loaded.
#[wasm_split(qr, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn svg(text: String) -> Result<String, SplitLoaderError> {
    Ok(QrCode::encode_text(&text, QrCodeEcc::Medium)
        .map_or_else(|_| String::new(), |code| draw(&code)))
}

fn draw(code: &QrCode) -> String {
    let side = (code.size() + 2 * QUIET).to_string();
    let mut out = String::new();
    out.extend([
        "<svg class=\"qr-code\" viewBox=\"0 0 ",
        &side,
        " ",
        &side,
        "\" role=\"img\" aria-label=\"QR code of the link\" shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"></rect><path d=\"",
    ]);
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let (x, y) = (x + QUIET, y + QUIET);
            out.extend(["M", &x.to_string(), ",", &y.to_string(), "h1v1h-1z"]);
        }
    }
    out.push_str("\"></path></svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once_within_a_quiet_zone() {
        let code = QrCode::encode_text("https://chat.example/", QrCodeEcc::Medium).expect("short");
        let svg = draw(&code);
        let size = code.size();
        let dark = (0..size * size).filter(|at| code.get_module(at % size, at / size));
        assert_eq!(svg.matches("h1v1h-1z").count(), dark.count());
        assert!(svg.contains(&format!("viewBox=\"0 0 {0} {0}\"", size + 8)));
        assert!(svg.contains("M4,4h1"), "the corner of a finder pattern");
    }
}
