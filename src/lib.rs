//! cryo-server: the Cryo protocol server as a Node.js addon. This file is the map of the crate.
//!
//! | module | holds | knows |
//! |---|---|---|
//! | [`protocol`] | the wire: frames, decode, encode, limits, errors | nothing: no I/O, no clock, no Node.js |
//! | [`session`] | one session as a state machine: ACKs, outbox, streams, heartbeat, its end | [`protocol`]; no I/O, no clock, no Node.js |
//! | [`net`] | sockets, TLS, WebSocket, HTTP heads | [`session`], by what it writes through; no Node.js |
//! | [`server`] | connections, handshakes, limits, metrics, batches of events | all of these; no Node.js |
//! | [`bridge`] | what JavaScript calls, and how it is woken | Node.js |
//! | `numbered` | enums whose numbers are known elsewhere too | |
//!
//! Arrows point one way: `bridge` → `server` → `net` → `session` → `protocol`.

// What comes from outside must not find a way to panic. Tests may: that is how they fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[macro_use]
mod numbered;

pub mod bridge;
pub mod net;
pub mod protocol;
pub mod server;
pub mod session;
