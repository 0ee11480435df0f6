//! Letters without their case.

/// Lower case as Unicode has it. In a browser it is the browser's doing: that has the tables, which would have to be sent
/// along.
pub fn lowercase(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    #[cfg(not(feature = "ssr"))]
    return js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(feature = "ssr")]
    text.to_lowercase()
}
