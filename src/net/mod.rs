//! Sockets and what is spoken on them: what a session writes through.
//!
//! | module | holds |
//! |---|---|
//! | [`listener`] | the port or path a server listens on |
//! | [`socket`] | TCP and Unix domain streams behind one type |
//! | `departure` | noticing that a peer has left, behind what nobody reads |
//! | [`bare`], [`watch`] | a session's socket that another event loop than the runtime's watches |
//! | [`stream`] | a socket that is no session's: plain, or behind TLS |
//! | [`tls`] | certificates, and the rustls side of an established connection |
//! | [`handshake`] | the HTTP upgrade, without I/O |
//! | [`client`] | connecting to another server |
//! | [`websocket`] | RFC 6455 framing, without I/O |
//! | [`write_buffer`], `spare` | the bytes a socket has not taken yet, and how it gets them |
//! | [`direct`] | the same for large payloads, with the socket at hand |

#![forbid(unsafe_code)]

pub mod bare;
pub mod client;
mod departure;
pub mod direct;
pub mod handshake;
pub mod listener;
pub mod socket;
mod spare;
pub mod stream;
pub mod tls;
pub mod watch;
pub mod websocket;
pub mod write_buffer;
