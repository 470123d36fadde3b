//! What the encoder writes: shortest headers, masks, close reasons that fit.

use super::{Event, decode_chunks};
use crate::net::websocket::{OpCode, Role, encoded_len, frame_header, put_close, put_message, put_pong};

/// A client reads what a server writes, and the other way round.
const PAIRS: [(Role, Role); 2] = [(Role::Server, Role::Client), (Role::Client, Role::Server)];

#[test]
fn writes_the_shortest_header() {
    let header = |len| frame_header(Role::Server, OpCode::Binary, len).as_slice().to_vec();
    assert_eq!(header(0), [0x82, 0]);
    assert_eq!(header(125), [0x82, 125]);
    assert_eq!(header(126), [0x82, 126, 0, 126]);
    assert_eq!(header(0xffff), [0x82, 126, 0xff, 0xff]);
    assert_eq!(header(0x1_0000), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn a_client_masks_with_a_new_key_each_time() {
    let keys: std::collections::HashSet<_> =
        (0..100).map(|_| frame_header(Role::Client, OpCode::Ping, 5).key()).collect();
    assert!(keys.len() > 90, "only {} different keys", keys.len());
    assert!(!keys.contains(&None));

    let header = frame_header(Role::Client, OpCode::Text, 300);
    assert_eq!(header.as_slice()[..4], [0x81, 0x80 | 126, 1, 44]);
    assert_eq!(Some(&header.as_slice()[4..]), header.key().as_ref().map(|key| &key[..]));
    assert_eq!(frame_header(Role::Server, OpCode::Text, 300).key(), None);
}

#[test]
fn messages_come_back_whole_and_take_the_announced_length() {
    for (writer, reader) in PAIRS {
        for len in [0, 1, 13, 14, 125, 126, 0xffff, 0x1_0000] {
            let payload: Vec<u8> = (0..len).map(|index| (index * 31) as u8).collect();
            let (head, tail) = payload.split_at(len.min(13));
            let mut out = b"before".to_vec();
            put_message(&mut out, writer, head, tail);
            assert_eq!(out.len(), 6 + encoded_len(writer, len), "length {len}");
            assert_eq!(decode_chunks(reader, [&out[6..]]), (vec![Event::Binary(payload)], Ok(())));
            assert_eq!(&out[..6], b"before");
        }
    }
}

#[test]
fn pongs_carry_the_payload_of_their_ping() {
    let mut out = Vec::new();
    put_pong(&mut out, Role::Server, b"Hello");
    assert_eq!(out, [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
}

#[test]
fn close_reasons_are_cut_to_123_bytes_at_a_character_boundary() {
    for (writer, reader) in PAIRS {
        for (reason, kept) in [
            (String::new(), 0),
            ("a".repeat(123), 123),
            ("a".repeat(124), 123),
            ("€".repeat(50), 123),
            (format!("a{}", "€".repeat(50)), 121),
            ("𝄞".repeat(50), 120),
        ] {
            let mut out = Vec::new();
            put_close(&mut out, writer, 4000, &reason);
            let expected = Event::Close(Some(4000), reason.as_bytes()[..kept].to_vec());
            assert_eq!(decode_chunks(reader, [out.as_slice()]), (vec![expected], Ok(())));
        }
    }
}
