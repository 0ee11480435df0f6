//! The server carries the browser's files inside it, so it is built again when they have changed. The compiler
//! watches those that it knows; a new one, or the first of all, is noticed here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo::rerun-if-changed=target/site");
    }
}
