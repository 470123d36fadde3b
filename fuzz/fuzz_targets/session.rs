//! See `cryo_fuzz::session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::session::run(data));
