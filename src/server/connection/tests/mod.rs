//! Connections without a handshake, on a pair of sockets.

#[cfg(target_os = "linux")]
mod lending;
mod reading;
