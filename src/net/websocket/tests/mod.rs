//! Tests of the framing, by RFC 6455 section, by property, and against tungstenite.

mod against_tungstenite;
mod control;
mod data;
mod encoding;
mod framing;
mod properties;

use super::{Decoder, Item, Role, Violation};

/// An [`Item`] that owns its bytes, and does not tell whether they were lent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>, Vec<u8>),
}

impl From<Item<'_>> for Event {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Text(payload) => Self::Text(payload.as_slice().to_vec()),
            Item::Binary(payload) => Self::Binary(payload.as_slice().to_vec()),
            Item::Ping(payload) => Self::Ping(payload.to_vec()),
            Item::Pong => Self::Pong,
            Item::Close { code, reason } => Self::Close(code, reason.to_vec()),
        }
    }
}

const MAX_MESSAGE: usize = 1 << 20;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it, written out byte by byte: independent of the encoder.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = unmasked(first, payload);
    let payload_at = frame.len() - payload.len();
    frame[1] |= 0x80;
    for (index, byte) in frame[payload_at..].iter_mut().enumerate() {
        *byte ^= KEY[index % 4];
    }
    frame.splice(payload_at..payload_at, KEY);
    frame
}

/// A frame as a server sends it.
fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(len as u8),
        len @ 126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// Feeds each chunk in turn; the events up to the first violation, and that.
fn decode_chunks<'a>(role: Role, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Result<(), Violation>) {
    let mut decoder = Decoder::new(role, MAX_MESSAGE);
    let mut events = Vec::new();
    for chunk in chunks {
        let fed = decoder.feed(&mut chunk.to_vec(), |item| events.push(item.into()));
        if fed.is_err() {
            return (events, fed);
        }
    }
    (events, Ok(()))
}

/// What a server makes of these frames, in one read.
fn serve(frames: &[Vec<u8>]) -> (Vec<Event>, Result<(), Violation>) {
    decode_chunks(Role::Server, [frames.concat().as_slice()])
}

/// The events of frames that break no rule.
fn accept(frames: &[Vec<u8>]) -> Vec<Event> {
    let (events, result) = serve(frames);
    assert_eq!(result, Ok(()));
    events
}

/// The close code that these frames earn, and nothing may be delivered before.
fn refuse(frames: &[Vec<u8>]) -> u16 {
    let (events, result) = serve(frames);
    assert_eq!(events, []);
    let violation = result.expect_err("the frames were accepted");
    assert!(violation.reason.len() <= 123, "fits a close frame");
    violation.code
}
