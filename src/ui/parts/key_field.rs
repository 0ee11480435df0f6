//! The field for a room's key: shown or hidden at will, and filled with a strong random key on request.

use leptos::{html, prelude::*};

use super::{FieldError, Icon, forms::described_by, invited_key};
use crate::ui::browser;

/// Characters that cannot be taken for one another, in speech nor in print.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Groups of four characters in a suggested key: 28 characters of 31 kinds are 138 bits.
const GROUPS: usize = 7;

/// The textbox "Room key". It is a text field that CSS masks, because a password field would be neither a
/// textbox to a screen reader nor safe from being stored as the site's password.
#[island]
pub fn KeyField(
    /// Unique on the page.
    id: String,
    /// Why the key was refused the last time, where it was.
    error: Option<String>,
    /// Whether to offer a random key.
    suggest: bool,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let alive = browser::alive();
    let shown = RwSignal::new(false);
    let fill = move |key: Option<String>| {
        if let (Some(key), Some(input)) = (key, input.get_untracked()) {
            input.set_value(&key);
        }
    };
    // A new room has a key of its own.
    if !suggest {
        Effect::new(move || fill(invited_key()));
    }
    let offer = move |_| {
        fill(random_key());
        shown.set(true);
    };
    let described_by = described_by(&id, false, error.is_some());
    view! {
        <div class="field">
            <label for=id.clone()>"Room key"</label>
            <div class="key">
                <input
                    node_ref=input
                    type="text"
                    id=id.clone()
                    name="key"
                    class="key-text"
                    class:masked=move || !shown.get()
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    data-1p-ignore=""
                    data-lpignore="true"
                    aria-describedby=described_by
                    aria-invalid=error.is_some().then_some("true")
                    autofocus=error.is_some()
                />
                <button
                    type="button"
                    class="icon-button needs-script"
                    aria-label=move || if shown.get() { "Hide key" } else { "Show key" }
                    disabled=move || !alive.get()
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { Icon::EyeOff } else { Icon::Eye }.view()}
                </button>
            </div>
            {suggest
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="text-button needs-script"
                            disabled=move || !alive.get()
                            on:click=offer
                        >
                            "Suggest a key"
                        </button>
                    }
                })}
            {error.map(|error| view! { <FieldError id error /> })}
        </div>
    }
}

/// A strong key; `None` where the browser has no random numbers.
pub fn random_key() -> Option<String> {
    let mut bytes = [0; 4 * GROUPS * 2];
    loop {
        if !browser::random(&mut bytes) {
            return None;
        }
        // Too few of the bytes are usable less than once in 10^30 times.
        if let Some(key) = spell(&bytes) {
            return Some(key);
        }
    }
}

/// Spells a key out of random bytes, each of its characters as likely as any other; `None` where there are
/// too few.
fn spell(bytes: &[u8]) -> Option<String> {
    let mut letters = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
    let mut key = String::with_capacity(5 * GROUPS);
    for group in 0..GROUPS {
        if group > 0 {
            key.push('-');
        }
        for _ in 0..4 {
            key.push(char::from(*letters.next()?));
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_key_is_seven_groups_of_four() {
        let bytes: Vec<u8> = (0..=255).collect();
        let key = spell(&bytes).expect("256 bytes are plenty");
        assert_eq!(
            key.split('-').map(str::len).collect::<Vec<_>>(),
            [4; GROUPS]
        );
        assert!(
            key.bytes()
                .all(|byte| byte == b'-' || ALPHABET.contains(&byte))
        );
    }

    #[test]
    fn a_suggested_key_has_at_least_128_bits() {
        let bits = (4 * GROUPS) as f64 * (ALPHABET.len() as f64).log2();
        assert!(bits >= 128.0, "{bits}");
    }

    #[test]
    fn bytes_outside_the_alphabet_are_skipped_so_that_no_letter_is_likelier() {
        assert_eq!(spell(&[31; 200]), None);
        assert!(spell(&[0; 28]).is_some());
        assert_eq!(spell(&[0; 27]), None);
    }
}
