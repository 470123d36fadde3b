//! See `cryo_fuzz::bridge`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::bridge::run(data));
