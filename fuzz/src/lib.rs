//! What must hold for any bytes from outside. `fuzz_targets/` runs it under libFuzzer (`cargo +nightly fuzz run session`), and
//! `tests/fuzz.rs` of the addon as ordinary tests, from the committed corpus and from generated input.
//!
//! | module | input |
//! |---|---|
//! | [`input`] | bytes as a source of choices |
//! | [`frame_decode`] | one message as a Cryo frame |
//! | [`upgrade`] | the heads of requests and answers, query and all |
//! | [`websocket_decode`] | a byte stream, cut anywhere |
//! | [`session`] | frames, application calls, time and verdicts in any order |
//! | [`bridge`] | commands as JavaScript writes them, events into arrays of any size |
//! | [`server`] | clients, application and I/O thread in any order, over real sockets |

#[cfg(unix)]
pub mod bridge;
pub mod frame_decode;
pub mod input;
#[cfg(unix)]
pub mod server;
pub mod session;
pub mod upgrade;
pub mod websocket_decode;
