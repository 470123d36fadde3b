//! See `cryo_fuzz::server`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::server::run(data));
