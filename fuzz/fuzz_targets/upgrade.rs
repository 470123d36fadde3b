//! See `cryo_fuzz::upgrade`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::upgrade::run(data));
