//! The Cryo wire protocol, version 1, as pure functions on bytes: no I/O, no clock, no Node.js.
//!
//! | module | holds |
//! |---|---|
//! | [`frame_type`] | the frame types: numbers, names, head sizes |
//! | [`frame`] | [`Frame`], one frame with its fields |
//! | [`mod@decode`] | bytes to [`Frame`], without copying payloads |
//! | [`encode`] | [`Frame`] to bytes: the [`Head`], which the tail follows |
//! | [`error`] | [`DecodeError`]: why bytes are no frame |
//! | [`limits`] | sizes in bytes |
//! | [`close`] | WebSocket close codes and the texts that go with them |
//!
//! One frame travels per WebSocket message. All integers are big-endian. Every frame starts with
//! `sid: u64, type: u8`; every frame but TX_CHUNK goes on with `ack: u32`. Then follow:
//!
//! | type | name | fields | head, bytes | tail |
//! |---|---|---|---|---|
//! | 255 | ENDPOINT_INFO | version: u32, features: u64 | 25 | |
//! | 254 | BYE | | 13 | reason, UTF-8 |
//! | 253 | ACK | | 13 | |
//! | 252 | ERROR | | 13 | payload, UTF-8 |
//! | 251 | PING_PONG | `ping` or `pong` | 17 | |
//! | 250 | UTF8DATA | | 13 | payload, UTF-8 |
//! | 249 | BINARYDATA | | 13 | payload |
//! | 0 | TX_START | tx_id: u32, byte_length: i32 | 21 | name, UTF-8 |
//! | 1 | TX_CHUNK | tx_id: u32, seq: u32 (no ack) | 17 | payload |
//! | 2 | TX_FINISH | tx_id: u32 | 17 | |
//! | 3 | TX_FLOW | behaviour: u8 | 14 | |
//! | 4 | TX_FETCH | tx_id: u32, start: u32, end: u32 | 25 | |
//! | 5 | TX_CANCEL | tx_id: u32 | 17 | |
//!
//! The head has a fixed size per type; the tail is all the rest of the message.

#![forbid(unsafe_code)]

pub mod close;
pub mod decode;
pub mod encode;
pub mod error;
pub mod frame;
pub mod frame_type;
pub mod limits;

pub use close::CloseCode;
pub use decode::{Decoded, decode};
pub use encode::Head;
pub use error::DecodeError;
pub use frame::{FEATURE_TRANSACTIONS, FlowBehaviour, Frame, VERSION};
pub use frame_type::FrameType;
pub use limits::{MAX_HEAD_LEN, MAX_PAYLOAD, PREFIX_LEN};

#[cfg(test)]
mod tests;
