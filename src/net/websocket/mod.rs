//! WebSocket framing (RFC 6455) for an established connection, without I/O: bytes in, items and bytes out.
//!
//! The reader lends its scratch buffer to the [`Decoder`], which unmasks in place and lends slices of it to a sink. So an
//! idle connection owns no buffer, and a small message is never copied. No extensions, no subprotocols.
//!
//! | module | holds |
//! |---|---|
//! | `decoder` | bytes to items, with every check that RFC 6455 asks of a receiver |
//! | `header` | a frame's header, also when it comes in pieces |
//! | `message` | a message that is being put together |
//! | `item` | what a decoder finds |
//! | `close` | the payload of a close frame |
//! | `violation` | how a peer broke RFC 6455 |
//! | `encoder` | frames to bytes |
//! | `mask` | masking, and its keys |

mod close;
mod decoder;
mod encoder;
mod header;
mod item;
mod mask;
mod message;
mod violation;

pub use decoder::Decoder;
pub use encoder::{FrameHeader, encoded_len, frame_header, message_header, put_close, put_message, put_pong, put_text};
pub use header::OpCode;
pub use item::{Item, Payload};
pub use message::MAX_SMALL_FRAGMENTS;
pub use violation::Violation;

/// What this end of the connection is. It decides who masks (RFC 6455 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Accepts masked frames only, sends unmasked ones.
    Server,
    /// Accepts unmasked frames only, sends masked ones.
    Client,
}

#[cfg(test)]
mod tests;
