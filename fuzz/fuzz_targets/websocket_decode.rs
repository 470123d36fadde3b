//! See `cryo_fuzz::websocket_decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cryo_fuzz::websocket_decode::run(data));
