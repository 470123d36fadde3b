//! cryo-server: the Cryo protocol server as a Node.js addon. This file is the map of the crate.
//!
//! | module | holds | knows |
//! |---|---|---|
//! | [`protocol`] | the wire: frames, decode, encode, limits, errors | nothing: no I/O, no clock, no Node.js |
//!
//! Arrows point one way: `bridge` → `server` → `net` → `session` → `protocol`.

pub mod bridge;
pub mod net;
pub mod protocol;
pub mod server;
pub mod session;
