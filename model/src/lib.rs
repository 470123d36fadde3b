//! `src/server/inbox.rs` as it is, but on loom's threads, and between stand-ins for what it only carries.
//! Run with `cargo test --release --manifest-path model/Cargo.toml`.
#![allow(dead_code, missing_docs)]

pub mod server;
pub mod session;
