//! Writing frames (RFC 6455 section 5.2): each final, with the shortest header, masked if this end is a client.

use super::header::{MAX_HEADER, OpCode};
use super::{Role, close, mask};

/// An encoded frame header.
#[derive(Debug, Clone, Copy)]
pub struct FrameHeader {
    bytes: [u8; MAX_HEADER],
    len: usize,
    key: Option<[u8; 4]>,
}

impl FrameHeader {
    /// The bytes to send before the payload.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The key to mask the payload with, if this end is a client.
    pub fn key(&self) -> Option<[u8; 4]> {
        self.key
    }

    fn push(&mut self, bytes: &[u8]) {
        for (slot, byte) in self.bytes.iter_mut().skip(self.len).zip(bytes) {
            *slot = *byte;
        }
        self.len += bytes.len();
    }
}

/// The header of a final frame with a payload of `payload_len` bytes; a new masking key each time, for a client.
pub fn frame_header(role: Role, opcode: OpCode, payload_len: usize) -> FrameHeader {
    let key = match role {
        Role::Server => None,
        Role::Client => Some(mask::random_key()),
    };
    let mut header = FrameHeader { bytes: [0; MAX_HEADER], len: 0, key };
    let fin = 0x80 | opcode as u8;
    let masked = if key.is_some() { 0x80 } else { 0 };
    if payload_len <= 125 {
        header.push(&[fin, masked | payload_len as u8]);
    } else if let Ok(len) = u16::try_from(payload_len) {
        header.push(&[fin, masked | 126]);
        header.push(&len.to_be_bytes());
    } else {
        header.push(&[fin, masked | 127]);
        header.push(&(payload_len as u64).to_be_bytes());
    }
    if let Some(key) = key {
        header.push(&key);
    }
    header
}

/// How many bytes a frame with a payload of `payload_len` bytes takes on the wire.
pub const fn encoded_len(role: Role, payload_len: usize) -> usize {
    let key = match role {
        Role::Server => 0,
        Role::Client => 4,
    };
    let header = match payload_len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    header + key + payload_len
}

/// The header of a binary message of `payload_len` bytes.
pub fn message_header(role: Role, payload_len: usize) -> FrameHeader {
    frame_header(role, OpCode::Binary, payload_len)
}

/// Appends a binary message whose payload is `head` followed by `tail`: two parts, so that nobody need join them first.
pub fn put_message(out: &mut Vec<u8>, role: Role, head: &[u8], tail: &[u8]) {
    put_frame(out, role, OpCode::Binary, head, tail);
}

/// Appends a text message, whose payload must be UTF-8.
pub fn put_text(out: &mut Vec<u8>, role: Role, payload: &[u8]) {
    put_frame(out, role, OpCode::Text, payload, &[]);
}

/// Appends a close frame, the reason cut to the 123 bytes it may have, at a character boundary.
///
/// `code` must be one that may be sent (RFC 6455 section 7.4): 1005, 1006 and 1015 may not.
pub fn put_close(out: &mut Vec<u8>, role: Role, code: u16, reason: &str) {
    put_frame(out, role, OpCode::Close, &code.to_be_bytes(), close::cut(reason).as_bytes());
}

/// Appends the pong that answers a ping with this payload, of at most 125 bytes.
pub fn put_pong(out: &mut Vec<u8>, role: Role, payload: &[u8]) {
    put_frame(out, role, OpCode::Pong, payload, &[]);
}

fn put_frame(out: &mut Vec<u8>, role: Role, opcode: OpCode, head: &[u8], tail: &[u8]) {
    let payload_len = head.len() + tail.len();
    let header = frame_header(role, opcode, payload_len);
    out.reserve(encoded_len(role, payload_len));
    out.extend_from_slice(header.as_slice());
    let start = out.len();
    out.extend_from_slice(head);
    out.extend_from_slice(tail);
    if let (Some(key), Some(payload)) = (header.key(), out.get_mut(start..)) {
        mask::apply(payload, key);
    }
}
