//! A byte stream as WebSocket frames: it must not matter where the reads end, and no more than the limit is ever handed over.

use cryo_server::net::websocket::{Decoder, Item, Role, Violation};

use super::input::Input;

const MAX_MESSAGE: usize = 4096;

/// What a decoder found, with bytes of its own.
#[derive(Debug, PartialEq)]
enum Found {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>, Vec<u8>),
}

impl From<Item<'_>> for Found {
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

/// Decodes `data` at once, byte by byte, and in pieces of the sizes that its first bytes say.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let role = if input.flag() { Role::Client } else { Role::Server };
    let sizes = [input.byte(), input.byte(), input.byte()].map(|size| usize::from(size) + 1);
    let stream = input.rest();
    let whole = decode(role, &mut std::iter::once(stream));
    check(&whole);
    assert_eq!(decode(role, &mut stream.chunks(1)), whole);
    let mut rest = stream;
    let mut pieces = sizes.iter().cycle().map_while(|size| {
        let (piece, behind) = rest.split_at((*size).min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(decode(role, &mut pieces), whole);
}

fn decode(role: Role, reads: &mut dyn Iterator<Item = &[u8]>) -> (Vec<Found>, Option<Violation>) {
    let mut decoder = Decoder::new(role, MAX_MESSAGE);
    let mut found = Vec::new();
    for read in reads {
        if let Err(violation) = decoder.feed(&mut read.to_vec(), |item| found.push(item.into())) {
            return (found, Some(violation));
        }
    }
    (found, None)
}

fn check((found, violation): &(Vec<Found>, Option<Violation>)) {
    for (index, item) in found.iter().enumerate() {
        match item {
            Found::Text(payload) => assert!(payload.len() <= MAX_MESSAGE && str::from_utf8(payload).is_ok()),
            Found::Binary(payload) => assert!(payload.len() <= MAX_MESSAGE),
            Found::Ping(payload) => assert!(payload.len() <= 125),
            Found::Pong => {}
            Found::Close(code, reason) => {
                assert!(index == found.len() - 1 && violation.is_none(), "something behind a close");
                assert!(code.is_none_or(|code| matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)), "{code:?}");
                assert!(reason.len() <= 123 && str::from_utf8(reason).is_ok());
            }
        }
    }
    if let Some(violation) = violation {
        assert!(matches!(violation.code, 1002 | 1007 | 1008 | 1009), "{violation:?}");
    }
}
