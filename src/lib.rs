//! Latchkey, a chat server that anyone can run.
//!
//! One package, built twice: with `hydrate` this library becomes the browser's WASM, with `ssr` it is the
//! server behind the `latchkey` binary. The server renders whole pages; in the browser what lives of them comes
//! alive, all below `/@me` as one page that stays.
//!
//! - [`domain`]: what both sides mean by a username, a room, a message; no I/O
//! - [`protocol`]: the frames of the live socket
//! - [`api`]: the server functions
//! - [`ui`]: what people see
//! - `server`: identity, rooms, the live engine and the store; only under `ssr`

#![recursion_limit = "256"]

pub mod api;
pub mod domain;
pub mod protocol;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;

/// The browser's way in: the page that the server rendered comes alive. The loader calls this first, and then
/// each island of the page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    ui::enhance::start();
}
