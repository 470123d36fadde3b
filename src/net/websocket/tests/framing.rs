//! Frame headers and masking: RFC 6455 sections 5.1 to 5.3.

use super::{Event, MAX_MESSAGE, accept, decode_chunks, masked, refuse, unmasked};
use crate::net::websocket::{Decoder, Item, Payload, Role};

#[test]
fn reads_the_examples_of_section_5_7() {
    let hello = Event::Text(b"Hello".to_vec());
    let single = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let single_masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let fragmented = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let expected = (vec![hello.clone()], Ok(()));
    assert_eq!(decode_chunks(Role::Client, [&single[..]]), expected);
    assert_eq!(decode_chunks(Role::Server, [&single_masked[..]]), expected);
    assert_eq!(decode_chunks(Role::Client, [&fragmented[..]]), expected);
    assert_eq!(decode_chunks(Role::Client, [&ping[..]]), (vec![Event::Ping(b"Hello".to_vec())], Ok(())));
}

#[test]
fn lends_whole_messages_and_owns_those_in_pieces() {
    let mut decoder = Decoder::new(Role::Server, MAX_MESSAGE);
    let frame = masked(0x82, b"whole");
    let mut lent = 0;
    decoder
        .feed(&mut frame.clone(), |item| lent += usize::from(item == Item::Binary(Payload::Borrowed(b"whole"))))
        .expect("legal");
    assert_eq!(lent, 1);

    let (start, end) = frame.split_at(8);
    decoder.feed(&mut start.to_vec(), |item| panic!("too early: {item:?}")).expect("legal");
    let mut owned = Vec::new();
    decoder
        .feed(&mut end.to_vec(), |item| {
            if let Item::Binary(Payload::Owned(bytes)) = item {
                owned = bytes;
            }
        })
        .expect("legal");
    assert_eq!(owned, b"whole");
}

#[test]
fn reads_every_length_encoding() {
    for len in [0, 1, 7, 8, 125, 126, 127, 0xffff, 0x1_0000, MAX_MESSAGE] {
        let payload: Vec<u8> = (0..len).map(|index| (index * 7) as u8).collect();
        assert_eq!(accept(&[masked(0x82, &payload)]), [Event::Binary(payload)], "length {len}");
    }
}

/// `ws`, which Cryo's clients have been talking to, takes them; the RFC asks only the sender.
#[test]
fn takes_a_length_in_more_bytes_than_it_needs() {
    let long = [0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1, b'x'];
    assert_eq!(decode_chunks(Role::Client, [&long[..]]), (vec![Event::Binary(b"x".to_vec())], Ok(())));
}

#[test]
fn refuses_a_length_with_its_highest_bit_set() {
    let huge = [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0];
    let (_, result) = decode_chunks(Role::Client, [&huge[..]]);
    assert_eq!(result.map_err(|violation| violation.code), Err(1002));
}

#[test]
fn refuses_masking_the_wrong_way_round() {
    assert_eq!(refuse(&[unmasked(0x82, b"x")]), 1002);
    let (_, result) = decode_chunks(Role::Client, [masked(0x82, b"x").as_slice()]);
    assert_eq!(result.map_err(|violation| violation.code), Err(1002));
}

#[test]
fn refuses_rsv_bits_and_reserved_opcodes() {
    for first in [0xc2, 0xa2, 0x92, 0xf2, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f] {
        assert_eq!(refuse(&[masked(first, b"")]), 1002, "first byte {first:#x}");
    }
}

#[test]
fn refuses_by_the_first_two_bytes_without_waiting_for_more() {
    for start in [[0x82, 0x7e], [0xc2, 0xfe], [0x83, 0xfe], [0x89, 0xfe], [0x09, 0x85]] {
        let (_, result) = decode_chunks(Role::Server, [&start[..]]);
        assert_eq!(result.map_err(|violation| violation.code), Err(1002), "{start:x?}");
    }
}

#[test]
fn ignores_all_input_after_a_violation() {
    let mut decoder = Decoder::new(Role::Server, MAX_MESSAGE);
    assert!(decoder.feed(&mut unmasked(0x82, b"x"), |_| {}).is_err());
    assert_eq!(decoder.feed(&mut masked(0x82, b"x"), |item| panic!("{item:?}")), Ok(()));
}

#[test]
fn what_has_come_of_a_message_stays_until_it_is_abandoned() {
    for end in [masked(0x81, b"within"), masked(0x88, b""), masked(0x80, &[0xff])] {
        let mut decoder = Decoder::new(Role::Server, MAX_MESSAGE);
        let _ = decoder.feed(&mut masked(0x01, b"begun"), |_| ());
        let _ = decoder.feed(&mut end.clone(), |_| ());
        assert!(decoder.abandon().starts_with(b"begun"), "after {end:?}");
        assert_eq!(decoder.abandon().capacity(), 0);
    }
}

#[test]
fn an_idle_decoder_is_small() {
    assert!(size_of::<Decoder>() <= 96, "{} bytes", size_of::<Decoder>());
}
