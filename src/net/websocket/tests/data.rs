//! Data frames: fragmentation, limits and text, RFC 6455 sections 5.4, 5.6 and 8.1.

use super::{Event, MAX_MESSAGE, accept, decode_chunks, masked, refuse, serve};
use crate::net::websocket::{Decoder, MAX_SMALL_FRAGMENTS, Role};

#[test]
fn joins_fragments_with_control_frames_between_them() {
    let frames = [
        masked(0x02, b"one "),
        masked(0x89, b"?"),
        masked(0x00, b""),
        masked(0x8a, b""),
        masked(0x80, b"message"),
        masked(0x82, b"another"),
    ];
    let expected = [
        Event::Ping(b"?".to_vec()),
        Event::Pong,
        Event::Binary(b"one message".to_vec()),
        Event::Binary(b"another".to_vec()),
    ];
    assert_eq!(accept(&frames), expected);
}

#[test]
fn refuses_a_continuation_of_nothing() {
    assert_eq!(refuse(&[masked(0x80, b"x")]), 1002);
    assert_eq!(refuse(&[masked(0x00, b"x")]), 1002);
    let (events, result) = serve(&[masked(0x02, b""), masked(0x80, b""), masked(0x80, b"")]);
    assert_eq!(events, [Event::Binary(vec![])]);
    assert_eq!(result.map_err(|violation| violation.code), Err(1002));
}

#[test]
fn refuses_a_message_within_a_message() {
    assert_eq!(refuse(&[masked(0x02, b"x"), masked(0x82, b"y")]), 1002);
    assert_eq!(refuse(&[masked(0x01, b"x"), masked(0x01, b"y")]), 1002);
}

#[test]
fn refuses_a_flood_of_small_fragments() {
    for payload in [&b""[..], &[7; 63]] {
        let mut flood = masked(0x02, payload);
        for _ in 0..MAX_SMALL_FRAGMENTS {
            flood.extend(masked(0x00, payload));
        }
        assert_eq!(serve(&[flood.clone()]), (vec![], Ok(())));
        assert_eq!(refuse(&[flood, masked(0x80, b"")]), 1008);
    }
}

#[test]
fn takes_any_number_of_fragments_that_are_not_small() {
    let payload = [7; 64];
    let count = MAX_MESSAGE / payload.len();
    let mut frames = masked(0x02, &payload);
    for _ in 1..count {
        frames.extend(masked(0x00, &payload));
    }
    let decoded = [Event::Binary(payload.repeat(count))];
    assert_eq!(accept(&[frames, masked(0x80, b"")]), decoded);
}

#[test]
fn refuses_a_message_over_the_limit_by_its_header() {
    let head = |len: u64| [&[0x82, 0x7f][..], &len.to_be_bytes()].concat();
    for len in [MAX_MESSAGE as u64 + 1, u64::from(u32::MAX) + 1, i64::MAX as u64] {
        let (_, result) = decode_chunks(Role::Client, [head(len).as_slice()]);
        assert_eq!(result.map_err(|violation| violation.code), Err(1009), "length {len}");
    }
    assert_eq!(accept(&[masked(0x82, &vec![0; MAX_MESSAGE])]).len(), 1);
    assert_eq!(refuse(&[masked(0x02, &vec![0; MAX_MESSAGE]), masked(0x80, b"x")]), 1009);
}

#[test]
fn takes_text_if_it_is_utf8() {
    let text = "κόσμε \u{10ffff}";
    assert_eq!(accept(&[masked(0x81, text.as_bytes())]), [Event::Text(text.as_bytes().to_vec())]);
    for bad in [&b"\xff"[..], b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"abc\xe2\x82"] {
        assert_eq!(refuse(&[masked(0x81, bad)]), 1007, "{bad:x?}");
    }
}

#[test]
fn text_may_be_cut_within_a_character() {
    let text = "a€𝄞z".as_bytes();
    for cut in 0..=text.len() {
        let (start, end) = text.split_at(cut);
        assert_eq!(accept(&[masked(0x01, start), masked(0x80, end)]), [Event::Text(text.to_vec())], "at {cut}");
    }
    assert_eq!(refuse(&[masked(0x01, b"\xe2\x82"), masked(0x80, b"")]), 1007);
}

#[test]
fn bad_text_fails_at_the_byte_that_makes_it_bad() {
    let frame = masked(0x81, b"ok \xf4\x90 and more to come");
    let mut decoder = Decoder::new(Role::Server, MAX_MESSAGE);
    let header = 6;
    assert_eq!(decoder.feed(&mut frame[..header + 4].to_vec(), |_| {}), Ok(()));
    let failed = decoder.feed(&mut frame[header + 4..header + 5].to_vec(), |_| {});
    assert_eq!(failed.map_err(|violation| violation.code), Err(1007));
}

#[test]
fn binary_need_not_be_utf8() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(accept(&[masked(0x02, &bytes), masked(0x80, &bytes)]), [Event::Binary(bytes.repeat(2))]);
}
