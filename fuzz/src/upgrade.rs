//! The upgrade: a request's head and query as the server reads them, an answer's head as a connection to another server reads it.

use cryo_server::net::client::answer;
use cryo_server::net::handshake::{self, Kind, MAX_HEAD};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Reads `data` as a request and as an answer.
pub fn run(data: &[u8]) {
    request(data);
    if let Ok(Some((_, length))) = answer::parse(data, KEY) {
        assert!(length <= data.len().min(MAX_HEAD));
    }
    if let Ok(target) = str::from_utf8(data) {
        query(target);
    }
}

fn request(data: &[u8]) {
    let refusal = match handshake::parse(data) {
        Ok(None) => return assert!(data.len() < MAX_HEAD, "a head over the limit is still waited for"),
        Ok(Some((head, length))) => {
            assert!(length <= data.len().min(MAX_HEAD));
            // The same head, however much of it came first.
            for cut in [length / 2, length - 1] {
                let first = data.get(..cut).unwrap_or_default();
                assert!(matches!(handshake::parse(first), Ok(None)), "complete at {cut} of {length} bytes");
            }
            query(&head.target);
            match handshake::classify(&head) {
                Ok(Kind::Plain) => return,
                Ok(Kind::WebSocket { key }) => {
                    let accepted = handshake::accepted(&key);
                    assert!(matches!(answer::parse(&accepted, &key), Ok(Some((answer::Answer::Accepted, _)))));
                    return;
                }
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    // An answer of our own that would not be read as one could smuggle something in.
    let response = refusal.response("127.0.0.1");
    match answer::parse(&response, KEY) {
        Ok(Some((answer::Answer::Refused { status, length, .. }, head))) => {
            assert_eq!(status, refusal.status());
            assert_eq!(length, Some(response.len() - head));
        }
        other => panic!("our own answer is read as {other:?}"),
    }
}

fn query(target: &str) {
    if let Err(refusal) = handshake::credentials(target) {
        assert!(matches!(refusal.status(), 400 | 401), "{refusal:?}");
        assert!(refusal.reason().len() < 1024, "an answer grows with the request");
    }
}
