//! See `cryo_fuzz::border`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::border::run(data));
