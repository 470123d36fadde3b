//! Sockets that a test holds the other end of.

pub mod socket;
pub mod tls;
pub mod watch;

pub mod bare {
    pub use super::socket::Bare;
}

#[path = "../../../src/net/direct.rs"]
pub mod direct;
#[path = "../../../src/net/spare.rs"]
mod spare;
#[path = "../../../src/net/websocket/mod.rs"]
pub mod websocket;
#[path = "../../../src/net/write_buffer.rs"]
pub mod write_buffer;
