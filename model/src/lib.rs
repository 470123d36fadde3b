//! The bridge's locks and wake-ups on loom's threads, which tries every order of events. The inbox, the links, a connection's reading and
//! writing, sessions and commands are the addon's own source, as it is. Stand-ins are the crates it uses ([`crates`]), what of the server
//! it only carries ([`server`]), the sockets ([`net`]) and the application ([`application`]).
//!
//! Run with `cargo test --release --manifest-path model/Cargo.toml`.
#![allow(dead_code, missing_docs, unused_imports)]

// The crates' names stand for this one, where the stand-ins are.
extern crate self as futures_util;
extern crate self as parking_lot;
extern crate self as tokio;
extern crate self as tokio_rustls;
extern crate self as tokio_tungstenite;

#[macro_use]
#[path = "../../src/numbered.rs"]
mod numbered;

pub mod application;
pub mod bridge;
pub mod crates;
pub mod io_thread;
pub mod net;
pub mod server;

#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
#[path = "../../src/session/mod.rs"]
pub mod session;

pub use crates::*;
