//! Words of HTML, for what is a string and no view.

/// An element with text in it. `tag` is its name, and its attributes.
pub fn element(out: &mut String, tag: &str, text: &str) {
    out.extend(["<", tag, ">"]);
    push_text(out, text);
    out.extend(["</", tag.split(' ').next().unwrap_or_default(), ">"]);
}

/// An attribute: `name` is what stands before its `=`.
pub fn attribute(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    push_text(out, value);
    out.push('"');
}

/// Text, in an element or in a quoted attribute.
pub fn push_text(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            char => out.push(char),
        }
    }
}

pub fn push_number(out: &mut String, number: u64) {
    out.push_str(&number.to_string());
}

/// A field of a form that nobody sees.
pub fn hidden(out: &mut String, name: &str, value: &str) {
    attribute(out, "<input type=\"hidden\" name", name);
    attribute(out, " value", value);
    out.push('>');
}
