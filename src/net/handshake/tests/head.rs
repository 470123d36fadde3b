//! Request heads: whole, cut off, too large, malformed.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{head, verdict};
use crate::net::handshake::{MAX_HEAD, MAX_HEADERS, RequestHead, classify, parse};

const REQUEST: &str = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Name: caf\u{e9}\r\nx-name: two\r\n\r\n";

#[test]
fn reads_a_head_and_leaves_what_follows() {
    // U+00E9 as the one byte that it is in Latin-1.
    let bytes: Vec<u8> = REQUEST.chars().map(|c| c as u8).collect();
    let (head, len) = parse(&[bytes.as_slice(), b"\x82\x80"].concat()).expect("well-formed").expect("complete");
    assert_eq!(len, bytes.len());
    assert_eq!((head.method.as_str(), head.target.as_str(), head.minor_version), ("GET", "/a?b=c", 1));
    assert_eq!(head.headers[1], ("X-Name".to_owned(), "café".to_owned()));
    assert_eq!(head.header("X-NAME"), Some("café"));
    assert_eq!(head.values("x-name").collect::<Vec<_>>(), ["café", "two"]);
    assert_eq!(head.header("missing"), None);
}

#[test]
fn waits_for_the_whole_head() {
    for len in 0..REQUEST.len() {
        assert_eq!(parse(&REQUEST.as_bytes()[..len]), Ok(None), "after {len} bytes");
    }
}

#[test]
fn tokens_are_found_in_lists_and_repeated_fields() {
    let head = head("GET / HTTP/1.1\r\nConnection: keep-alive ,\tUpgrade\r\nconnection: x\r\n\r\n");
    assert!(head.has_token("connection", "upgrade") && head.has_token("Connection", "X"));
    assert!(!head.has_token("connection", "up"));
}

#[test]
fn blanks_and_tabs_alone_surround_the_members_of_a_list() {
    for odd in ['\u{b}', '\u{c}', '\u{85}', '\u{a0}'] {
        let values = [format!("{odd}Upgrade"), format!("Upgrade{odd}"), format!("x,{odd}Upgrade")];
        let headers = values.map(|value| ("Connection".to_owned(), value)).into();
        let head = RequestHead { method: "GET".into(), target: "/".into(), minor_version: 1, headers };
        assert!(!head.has_token("connection", "upgrade"), "{odd:?}");
    }
}

#[test]
fn a_line_ends_with_both_of_its_characters() {
    for bytes in [
        &b"GET / HTTP/1.1\n"[..],
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nX: y\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: y\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nX:\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\n",
        b"GET / HTTP/1.1\r\nHost: x\n\r\n",
    ] {
        assert_eq!(verdict(parse(bytes)), (400, "malformed"), "{}", bytes.escape_ascii());
    }
    for before in ["\n", "\r\n\n"] {
        assert!(parse(format!("{before}{REQUEST}").as_bytes()).is_ok_and(|read| read.is_some()), "as in Node.js");
    }
    let (_, len) = parse(b"GET / HTTP/1.1\r\n\r\n\n").expect("well-formed").expect("complete");
    assert_eq!(len, 18, "what follows is no part of it");
}

#[test]
fn refuses_heads_over_the_limits() {
    let long = |len: usize| format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(len - 23));
    assert!(parse(long(MAX_HEAD).as_bytes()).is_ok_and(|parsed| parsed.is_some()));
    assert_eq!(verdict(parse(long(MAX_HEAD + 1).as_bytes())), (431, "head_too_large"));
    assert_eq!(verdict(parse(&long(MAX_HEAD * 2).as_bytes()[..MAX_HEAD])), (431, "head_too_large"));

    let many = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(count));
    assert!(parse(many(MAX_HEADERS).as_bytes()).is_ok());
    assert_eq!(verdict(parse(many(MAX_HEADERS + 1).as_bytes())), (431, "head_too_large"));
}

#[test]
fn refuses_what_is_not_http_1_as_soon_as_that_shows() {
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET / HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n",
        b"GET / HTTP/1.1\r\nname : value\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n",
    ] {
        assert_eq!(verdict(parse(bytes)), (400, "malformed"), "{}", bytes.escape_ascii());
    }
    let refusal = parse(b"GET / HTTP/3.0\r\n").expect_err("refused");
    assert_eq!(refusal.reason(), "Malformed request: invalid HTTP version.");
}

proptest! {
    #[test]
    fn arbitrary_heads_never_panic(bytes in vec(any::<u8>(), 0..200), lines in "([ -~]{0,20}\r\n){0,8}") {
        let _ = parse(&bytes);
        for start in ["", "GET / HTTP/1.1\r\n"] {
            if let Ok(Some((head, _))) = parse(format!("{start}{lines}\r\n").as_bytes()) {
                let _ = classify(&head);
            }
        }
    }
}
