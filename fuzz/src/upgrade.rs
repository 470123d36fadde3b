//! The upgrade: a request's head and query as the server reads them, an answer's head as a connection to another server reads it.

use cryo_server::net::client::upgrade_response::{self, UpgradeResponse};
use cryo_server::net::handshake::{self, Kind, MAX_HEAD, Refusal};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Reads `data` as a request, as an answer, as a request target, and as the query of one.
pub fn run(data: &[u8]) {
    request(data);
    if let Ok(Some((_, length))) = upgrade_response::parse(data, KEY) {
        assert!(length <= data.len().min(MAX_HEAD));
    }
    if let Ok(text) = str::from_utf8(data) {
        credentials(text);
        credentials(&format!("/?{text}"));
    }
}

fn request(data: &[u8]) {
    match handshake::parse(data) {
        Ok(None) => assert!(data.len() < MAX_HEAD, "a head over the limit is still waited for"),
        Ok(Some((head, length))) => {
            assert!(length <= data.len().min(MAX_HEAD));
            // The same head, however much of it came first, and whatever came behind it.
            for cut in [length / 2, length - 1] {
                let first = data.get(..cut).unwrap_or_default();
                assert!(matches!(handshake::parse(first), Ok(None)), "complete at {cut} of {length} bytes");
            }
            let alone = data.get(..length).unwrap_or_default();
            assert_eq!(handshake::parse(alone).ok().flatten().as_ref(), Some(&(head.clone(), length)));
            credentials(&head.target);
            match handshake::classify(&head) {
                Ok(Kind::Plain) => {}
                Ok(Kind::WebSocket { key }) => {
                    let accepted = handshake::accepted(&key);
                    assert!(matches!(
                        upgrade_response::parse(&accepted, &key),
                        Ok(Some((UpgradeResponse::Accepted, _)))
                    ));
                }
                Err(refusal) => refused(&refusal),
            }
        }
        Err(refusal) => refused(&refusal),
    }
}

/// Who wants in, by a request target. What was understood is understood the same when a client writes it.
fn credentials(target: &str) {
    match handshake::credentials(target) {
        Ok(found) => {
            let query = form_urlencoded::Serializer::new("/?".to_owned())
                .append_pair("authorization", &format!("Bearer {}", found.token))
                .append_pair("x-cryo-sid", &found.sid.to_string())
                .finish();
            assert!(handshake::credentials(&query).is_ok_and(|again| again == found), "{target:?} is not {query:?}");
        }
        Err(refusal) => {
            assert!(matches!(refusal.status(), 400 | 401), "{refusal:?}");
            assert!(refusal.reason().len() < 1024, "an answer grows with the request");
            refused(&refusal);
        }
    }
}

/// An answer of our own that would not be read as one could smuggle something in.
fn refused(refusal: &Refusal) {
    let response = refusal.response("127.0.0.1");
    match upgrade_response::parse(&response, KEY) {
        Ok(Some((UpgradeResponse::Refused { status, length, .. }, head))) => {
            assert_eq!(status, refusal.status());
            assert_eq!(length, Some(response.len() - head));
        }
        other => panic!("our own answer is read as {other:?}"),
    }
}
