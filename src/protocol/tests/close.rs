//! Close codes and reasons.

use serde_json::Value;

use super::fixtures::from_hex;
use crate::protocol::close::{
    CLOSING_SESSION, CloseCode, HEARTBEAT_MISSED, MAX_REASON_LEN, NO_TRANSACTION_FEATURE, SERVER_SHUTDOWN,
    version_mismatch,
};
use crate::protocol::{Decoded, Frame, decode};

/// What 3.0.9 was recorded to say.
const TRANSCRIPTS: &str = include_str!("../../../__test__/fixtures/transcripts.json");

/// The recorded session called `name`.
fn transcript(name: &str) -> Value {
    let all: Value = serde_json::from_str(TRANSCRIPTS).unwrap();
    let sessions = all["sessions"].as_array().unwrap();
    let session = sessions.iter().find(|session| session["name"] == name);
    session.unwrap_or_else(|| panic!("no transcript {name}")).clone()
}

#[test]
fn close_codes_and_reasons_are_those_of_the_transcripts() {
    let mismatch = version_mismatch(2);
    for (name, code, reason) in [
        ("server-destroy", CloseCode::NORMAL, CLOSING_SESSION),
        ("version-mismatch", CloseCode::CLIENT_FAULT, &mismatch),
        ("no-transaction-feature", CloseCode::SERVER_FAULT, NO_TRANSACTION_FEATURE),
    ] {
        let close = &transcript(name)["close"];
        assert_eq!(close["code"], u16::from(code), "{name}");
        assert_eq!(close["reason"], reason, "{name}");
    }
}

#[test]
fn bye_reasons_are_those_of_the_transcripts() {
    for (name, expected) in [("server-destroy", SERVER_SHUTDOWN), ("heartbeat-dead", HEARTBEAT_MISSED)] {
        let session = transcript(name);
        let frames = session["frames"].as_array().unwrap();
        let says_so = frames.iter().any(|frame| {
            let bytes = from_hex(frame["hex"].as_str().unwrap());
            let Decoded { frame, .. } = decode(&bytes).unwrap();
            matches!(frame, Frame::Bye { reason, .. } if reason == expected.as_bytes())
        });
        assert!(says_so, "no BYE of {name} says {expected:?}");
    }
}

#[test]
fn every_fixed_reason_fits_a_close_frame() {
    let mismatch = version_mismatch(u32::MAX);
    for reason in [CLOSING_SESSION, HEARTBEAT_MISSED, NO_TRANSACTION_FEATURE, SERVER_SHUTDOWN, &mismatch] {
        assert!(reason.len() <= MAX_REASON_LEN, "{reason}");
    }
}
