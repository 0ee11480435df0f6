//! `make fuzz`: libFuzzer looks for bytes that break a live socket, as its steps or as what its peer sends.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| latchkey::server::fuzz_socket(data));
