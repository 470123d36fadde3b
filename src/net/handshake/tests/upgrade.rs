//! Which requests are upgrades to WebSocket, and which of those are sound.

use super::{head, verdict};
use crate::net::handshake::{Kind, classify};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A request with these start line and fields.
fn request(start: &str, fields: &[&str]) -> crate::net::handshake::RequestHead {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    head(&format!("{start}\r\n{fields}\r\n"))
}

/// A sound upgrade, but with these lines in the place of others.
fn altered(start: &str, version: &str, key: &str) -> crate::net::handshake::RequestHead {
    request(start, &["Connection: keep-alive, Upgrade", "Upgrade: WebSocket", version, key])
}

const GET: &str = "GET / HTTP/1.1";
const VERSION: &str = "Sec-WebSocket-Version: 13";

fn key_line(key: &str) -> String {
    format!("Sec-WebSocket-Key: {key}")
}

#[test]
fn an_upgrade_gives_its_key() {
    let upgrade = classify(&altered(GET, VERSION, &key_line(KEY)));
    assert_eq!(upgrade, Ok(Kind::WebSocket { key: KEY.to_owned() }));
    let spaced = classify(&altered(GET, "Sec-WebSocket-Version:\t13 ", &key_line(&format!(" {KEY}\t"))));
    assert_eq!(spaced, upgrade);
}

#[test]
fn other_requests_are_plain() {
    for fields in [
        &["Host: x"][..],
        &["Upgrade: websocket"],
        &["Connection: Upgrade"],
        &["Connection: Upgrade", "Upgrade: h2c"],
        &["Connection: Upgrade", "Upgrade: websockets"],
        &["Connection: close", "Upgrade: websocket", VERSION],
    ] {
        for start in [GET, "POST / HTTP/1.1", "GET / HTTP/1.0"] {
            assert_eq!(classify(&request(start, fields)), Ok(Kind::Plain), "{start} {fields:?}");
        }
    }
}

#[test]
fn unsound_upgrades_are_refused() {
    let key = key_line(KEY);
    assert_eq!(verdict(classify(&altered("POST / HTTP/1.1", VERSION, &key))), (405, "method_not_allowed"));
    assert_eq!(verdict(classify(&altered("GET / HTTP/1.0", VERSION, &key))), (400, "http_version"));
    for version in ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Version:", "X: y"] {
        assert_eq!(verdict(classify(&altered(GET, version, &key))), (426, "websocket_version"), "{version}");
    }
    for key in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZ===",
        "dGhlIHNhbXBsZSBub25j*Q==",
        "dGhlIHNhbXBsZSBub25jZQQQ==",
    ] {
        assert_eq!(verdict(classify(&altered(GET, VERSION, &key_line(key)))), (400, "bad_key"), "{key}");
    }
    assert_eq!(verdict(classify(&altered(GET, VERSION, "X: y"))), (400, "bad_key"));
    let twice = format!("{key}\r\n{key}");
    assert_eq!(verdict(classify(&altered(GET, VERSION, &twice))), (400, "bad_key"));
}
