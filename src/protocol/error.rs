//! [`DecodeError`]: why a message is no frame of the protocol.

use std::fmt;

use super::FrameType;

/// Why a message could not be decoded.
///
/// The [`Display`](fmt::Display) text names the fault and the value at fault, and fits a WebSocket
/// close reason ([`MAX_REASON_LEN`](super::close::MAX_REASON_LEN)). All but
/// [`UnknownType`](Self::UnknownType), which is to be ignored, close the session with
/// [`CloseCode::CLIENT_FAULT`](super::CloseCode::CLIENT_FAULT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The message ends within the head.
    TooShort {
        /// The type, unless the message ends before it.
        frame_type: Option<FrameType>,
        /// The shortest legal length, in bytes.
        need: usize,
        /// The message's length, in bytes.
        got: usize,
    },
    /// A type byte the protocol does not define: perhaps a newer peer's.
    UnknownType(u8),
    /// A PING_PONG that says neither `ping` nor `pong`, but this.
    BadPing([u8; 4]),
    /// A TX_FLOW whose behaviour is neither push (0) nor pull (1), but this.
    BadFlow(u8),
    /// Bytes follow a frame of a type that has no tail.
    TrailingBytes {
        /// The type.
        frame_type: FrameType,
        /// The only legal length, in bytes.
        need: usize,
        /// The message's length, in bytes.
        got: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { frame_type, need, got } => {
                let name = frame_type.map_or("Cryo", FrameType::name);
                write!(f, "{name} frame is too short: {got} bytes, at least {need} needed.")
            }
            Self::UnknownType(byte) => write!(f, "Unknown frame type {byte}."),
            Self::BadPing(word) => {
                write!(f, "PING_PONG frame says '{}', neither 'ping' nor 'pong'.", word.escape_ascii())
            }
            Self::BadFlow(byte) => {
                write!(f, "TX_FLOW behaviour is {byte}, neither 0 (push) nor 1 (pull).")
            }
            Self::TrailingBytes { frame_type, need, got } => {
                write!(f, "{} frame is too long: {got} bytes, exactly {need} needed.", frame_type.name())
            }
        }
    }
}

impl std::error::Error for DecodeError {}
