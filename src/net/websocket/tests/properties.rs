//! What holds for all input: reads may end anywhere, and nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Event, decode_chunks, masked};
use crate::net::websocket::{Role, put_close, put_message, put_pong};

/// Frames that are legal for a client to send, one after the other, mixed with some that are not.
fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = prop_oneof![30 => vec(any::<u8>(), 0..140), 1 => vec(any::<u8>(), 60_000..70_000)];
    let first = prop_oneof![
        6 => Just(0x82),
        2 => Just(0x81),
        2 => Just(0x02),
        2 => Just(0x00),
        2 => Just(0x80),
        2 => Just(0x89),
        1 => Just(0x8a),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    vec((first, payload).prop_map(|(first, payload)| masked(first, &payload)), 0..12)
}

/// Cuts bytes at the given places, each a fraction of what is left.
fn cut<'a>(mut bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for place in places {
        let (chunk, rest) = bytes.split_at(place % (bytes.len() + 1));
        chunks.push(chunk);
        bytes = rest;
    }
    chunks.push(bytes);
    chunks
}

proptest! {
    #[test]
    fn reads_may_end_anywhere(frames in frames(), places in vec(0..200_usize, 0..40)) {
        let bytes = frames.concat();
        let whole = decode_chunks(Role::Server, [bytes.as_slice()]);
        prop_assert_eq!(decode_chunks(Role::Server, cut(&bytes, &places)), whole.clone());
        if bytes.len() < 4096 {
            prop_assert_eq!(decode_chunks(Role::Server, bytes.chunks(1)), whole);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..400), places in vec(0..50_usize, 0..10)) {
        for role in [Role::Server, Role::Client] {
            let whole = decode_chunks(role, [bytes.as_slice()]);
            prop_assert_eq!(decode_chunks(role, cut(&bytes, &places)), whole);
        }
    }

    #[test]
    fn what_is_encoded_decodes(
        messages in vec((vec(any::<u8>(), 0..30), vec(any::<u8>(), 0..300)), 0..8),
        pong in vec(any::<u8>(), 0..=125),
        reason in ".*",
        places in vec(0..300_usize, 0..10),
    ) {
        for (writer, reader) in [(Role::Server, Role::Client), (Role::Client, Role::Server)] {
            let mut out = Vec::new();
            let mut expected = Vec::new();
            for (head, tail) in &messages {
                put_message(&mut out, writer, head, tail);
                expected.push(Event::Binary([head.as_slice(), tail].concat()));
            }
            put_pong(&mut out, writer, &pong);
            put_close(&mut out, writer, 4001, &reason);
            expected.push(Event::Pong);
            let (mut events, result) = decode_chunks(reader, cut(&out, &places));
            prop_assert_eq!(result, Ok(()));
            match events.pop() {
                Some(Event::Close(Some(4001), kept)) => prop_assert!(reason.as_bytes().starts_with(&kept)),
                other => prop_assert!(false, "no close but {:?}", other),
            }
            prop_assert_eq!(events, expected);
        }
    }
}
