//! Frames: a Cryo frame in a masked WebSocket message on the way out, and the reverse on the way in.

use anyhow::{Result, bail, ensure};

/// Frame types of the Cryo protocol.
pub mod kind {
    /// A transaction begins.
    pub const TX_START: u8 = 0;
    /// A piece of a transaction; the only type without an ACK number.
    pub const TX_CHUNK: u8 = 1;
    /// Binary message.
    pub const BINARY: u8 = 249;
    /// Text message.
    pub const UTF8: u8 = 250;
    /// Heartbeat, both ways.
    pub const PING_PONG: u8 = 251;
    /// Error message.
    pub const ERROR: u8 = 252;
    /// Acknowledgement.
    pub const ACK: u8 = 253;
    /// Announcement.
    pub const ENDPOINT_INFO: u8 = 255;
}

/// WebSocket opcodes.
mod opcode {
    pub const BINARY: u8 = 0x2;
    pub const TEXT: u8 = 0x1;
    pub const PONG: u8 = 0xa;
}

/// A Cryo frame, in the shape all types share.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// One of [`kind`].
    pub kind: u8,
    /// ACK number; for [`kind::TX_CHUNK`] the transaction's number.
    pub ack: u32,
    /// What follows.
    pub rest: &'a [u8],
}

/// A WebSocket frame that arrived.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A message.
    Message(Frame<'a>),
    /// A WebSocket ping with its payload.
    Ping(&'a [u8]),
    /// Nothing that matters.
    Other,
}

/// Reads the frame at the start of `bytes`; `None` while it is incomplete. The number is its length in bytes.
pub fn read(bytes: &[u8]) -> Result<Option<(Incoming<'_>, usize)>> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    ensure!(second & 0x80 == 0, "the server sent a masked WebSocket frame");
    let (length, head): (usize, usize) = match (second, bytes) {
        (126, [_, _, a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [_, _, a, b, c, d, e, f, g, h, ..]) => {
            (usize::try_from(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))?, 10)
        }
        (126 | 127, _) => return Ok(None),
        (short, _) => (usize::from(short), 2),
    };
    let Some(payload) = bytes.get(head..head.saturating_add(length)) else { return Ok(None) };
    let incoming = match first {
        0x81 | 0x82 => Incoming::Message(message(payload)?),
        0x89 => Incoming::Ping(payload),
        0x8a => Incoming::Other,
        0x88 => bail!("the server closed the WebSocket: {}", close_reason(payload)),
        other => bail!("unexpected first byte {other:#04x} of a WebSocket frame"),
    };
    Ok(Some((incoming, head + length)))
}

fn message(payload: &[u8]) -> Result<Frame<'_>> {
    let Some((&[_, _, _, _, _, _, _, _, kind, a, b, c, d], rest)) = payload.split_first_chunk() else {
        bail!("a message of {} bytes is no Cryo frame", payload.len());
    };
    Ok(Frame { kind, ack: u32::from_be_bytes([a, b, c, d]), rest })
}

fn close_reason(payload: &[u8]) -> String {
    match payload {
        [a, b, reason @ ..] => format!("{} {:?}", u16::from_be_bytes([*a, *b]), String::from_utf8_lossy(reason)),
        _ => "no reason".to_owned(),
    }
}

/// Frames on their way to the server.
#[derive(Debug, Default)]
pub struct Writer {
    sid: u64,
    next_ack: u32,
    raw: bool,
    /// The last frame's masking key.
    key: u32,
    bytes: Vec<u8>,
}

/// Makes the next masking key of the last one. Nobody has to be kept from guessing it here.
const KEY_FACTOR: u32 = 1_664_525;
const KEY_STEP: u32 = 1_013_904_223;

impl Writer {
    /// A writer for the session `sid`. With `raw` it acknowledges nothing.
    pub fn new(sid: u64, raw: bool) -> Self {
        Self { sid, raw, ..Self::default() }
    }

    /// Bytes to send; the connection takes them out.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Whether the server is a plain WebSocket server.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// A numbered frame. Returns its number.
    pub fn post(&mut self, kind: u8, rest: &[&[u8]]) -> u32 {
        let ack = self.next_ack;
        self.next_ack = self.next_ack.wrapping_add(1);
        // Plain echo servers send a text message back as text, so that the same work is done for it.
        let text = self.raw && kind == kind::UTF8;
        self.frame(if text { opcode::TEXT } else { opcode::BINARY }, kind, ack, rest);
        ack
    }

    /// A frame that repeats a number: an ACK or a pong.
    pub fn answer(&mut self, kind: u8, ack: u32, rest: &[u8]) {
        if !self.raw {
            self.frame(opcode::BINARY, kind, ack, &[rest]);
        }
    }

    /// A piece of transaction `txid`.
    pub fn chunk(&mut self, txid: u32, seq: u32, payload: &[u8]) {
        self.frame(opcode::BINARY, kind::TX_CHUNK, txid, &[&seq.to_be_bytes(), payload]);
    }

    /// Answers a WebSocket ping.
    pub fn pong(&mut self, payload: &[u8]) {
        let key = self.head(opcode::PONG, payload.len());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.mask(start, key);
    }

    fn frame(&mut self, opcode: u8, kind: u8, number: u32, rest: &[&[u8]]) {
        let length: usize = rest.iter().map(|part| part.len()).sum();
        let key = self.head(opcode, 13 + length);
        let start = self.bytes.len();
        // A text message has to be UTF-8, and plain echo servers check that: there, zeros stand for the binary fields.
        let (sid, kind, number) = if opcode == opcode::TEXT { (0, 0, 0) } else { (self.sid, kind, number) };
        self.bytes.extend_from_slice(&sid.to_be_bytes());
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&number.to_be_bytes());
        for part in rest {
            self.bytes.extend_from_slice(part);
        }
        self.mask(start, key);
    }

    /// A WebSocket header, and the key to [mask](Self::mask) the payload behind it with.
    fn head(&mut self, opcode: u8, length: usize) -> [u8; 4] {
        self.bytes.push(0x80 | opcode);
        if let Ok(short @ 0..=125) = u8::try_from(length) {
            self.bytes.push(0x80 | short);
        } else if let Ok(medium) = u16::try_from(length) {
            self.bytes.push(0x80 | 126);
            self.bytes.extend_from_slice(&medium.to_be_bytes());
        } else {
            self.bytes.push(0x80 | 127);
            self.bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
        // Never zero: there are servers that skip unmasking then, which no real client lets them do.
        self.key = self.key.wrapping_mul(KEY_FACTOR).wrapping_add(KEY_STEP) | 1;
        let key = self.key.to_ne_bytes();
        self.bytes.extend_from_slice(&key);
        key
    }

    /// Masks the payload that stands from `start` on (RFC 6455 section 5.3).
    fn mask(&mut self, start: usize, key: [u8; 4]) {
        let [a, b, c, d] = key;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (chunks, tail) = self.bytes.get_mut(start..).unwrap_or_default().as_chunks_mut::<8>();
        for chunk in chunks {
            *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
    }
}
