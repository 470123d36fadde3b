//! Control frames: RFC 6455 sections 5.5 and 7.4.

use super::{Event, accept, decode_chunks, masked, refuse, serve};
use crate::net::websocket::Role;

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    masked(0x88, &[&code.to_be_bytes()[..], reason].concat())
}

#[test]
fn reads_pings_and_pongs_up_to_125_bytes() {
    let payload = vec![7; 125];
    let frames = [masked(0x89, &payload), masked(0x8a, &payload), masked(0x89, b"")];
    assert_eq!(accept(&frames), [Event::Ping(payload), Event::Pong, Event::Ping(vec![])]);
}

#[test]
fn reads_a_control_frame_byte_by_byte_amidst_a_fragmented_message() {
    let bytes = [masked(0x02, b"ab"), masked(0x89, b"ping"), masked(0x80, b"cd")].concat();
    let (events, result) = decode_chunks(Role::Server, bytes.chunks(1));
    assert_eq!(result, Ok(()));
    assert_eq!(events, [Event::Ping(b"ping".to_vec()), Event::Binary(b"abcd".to_vec())]);
}

#[test]
fn refuses_long_and_fragmented_control_frames() {
    for opcode in [8, 9, 10] {
        assert_eq!(refuse(&[masked(0x80 | opcode, &[b'x'; 126])]), 1002, "long, opcode {opcode}");
        assert_eq!(refuse(&[masked(opcode, b"")]), 1002, "fragmented, opcode {opcode}");
    }
}

#[test]
fn reads_a_close_and_ignores_what_follows() {
    let frames = [masked(0x82, b"last"), close(4000, "genug ✓".as_bytes()), masked(0x82, b"no"), vec![0xff; 9]];
    let closed = Event::Close(Some(4000), "genug ✓".as_bytes().to_vec());
    assert_eq!(accept(&frames), [Event::Binary(b"last".to_vec()), closed.clone()]);

    let bytes = frames.concat();
    let (events, result) = decode_chunks(Role::Server, bytes.chunks(3));
    assert_eq!((events.last(), result), (Some(&closed), Ok(())));
}

#[test]
fn reads_an_empty_close() {
    assert_eq!(accept(&[masked(0x88, b"")]), [Event::Close(None, vec![])]);
}

#[test]
fn a_close_may_interrupt_a_message() {
    assert_eq!(accept(&[masked(0x02, b"half"), close(1001, b"")]), [Event::Close(Some(1001), vec![])]);
}

#[test]
fn takes_only_close_codes_that_may_be_sent() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
        assert_eq!(serve(&[close(code, b"")]), (vec![Event::Close(Some(code), vec![])], Ok(())), "code {code}");
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        assert_eq!(refuse(&[close(code, b"")]), 1002, "code {code}");
    }
}

#[test]
fn refuses_half_a_close_code_and_a_reason_that_is_not_utf8() {
    assert_eq!(refuse(&[masked(0x88, &[3])]), 1002);
    assert_eq!(refuse(&[close(1000, b"\xe2\x82")]), 1007);
}
