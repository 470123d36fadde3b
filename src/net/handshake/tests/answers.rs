//! What is answered, byte for byte.

use std::collections::HashSet;

use serde_json::Value;

use super::{head, verdict};
use crate::net::handshake::{Kind, Refusal, accepted, classify, credentials};

/// The recorder put `<peer>` in the place of the IPv4 address and port, after having counted the bytes of this many.
const PEER: &str = "127.0.0.1:40000";

/// Request target and answer of an upgrade as 3.0.9 was seen to answer it.
fn recorded(name: &str) -> (String, String) {
    let text = include_str!("../../../../__test__/fixtures/transcripts.json");
    let fixture: Value = serde_json::from_str(text).expect("the fixture is JSON");
    let mut upgrades = fixture["upgrades"].as_array().expect("a list").iter();
    let upgrade = upgrades.find(|upgrade| upgrade["name"] == name).expect("recorded");
    let text = |field: &str| upgrade[field].as_str().expect("text").replace("<peer>", PEER);
    (text("request"), text("response"))
}

fn answer(refusal: &Refusal) -> String {
    String::from_utf8(refusal.response(&format!("::ffff:{PEER}"))).expect("UTF-8")
}

#[test]
fn refused_credentials_are_answered_as_recorded() {
    for name in ["no-auth", "not-bearer", "no-sid"] {
        let (target, response) = recorded(name);
        assert_eq!(answer(&credentials(&target).expect_err("refused")), response, "{name}");
    }
}

#[test]
fn refusals_of_good_credentials_are_answered_as_recorded() {
    for (name, refusal) in [("wrong-token", Refusal::invalid_token()), ("duplicate-sid", Refusal::sid_in_use())] {
        let (target, response) = recorded(name);
        assert!(credentials(&target).is_ok(), "{name}");
        assert_eq!(answer(&refusal), response, "{name}");
    }
}

#[test]
fn an_upgrade_is_accepted_as_recorded() {
    let (target, response) = recorded("accepted");
    let request = head(&format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ));
    let Ok(Kind::WebSocket { key }) = classify(&request) else { panic!("not an upgrade") };
    let answer = String::from_utf8(accepted(&key)).expect("ASCII");
    // What follows the head in the record is the first frame.
    assert!(response.starts_with(&answer), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"));
}

fn every_refusal() -> Vec<Refusal> {
    vec![
        Refusal::no_auth(),
        Refusal::not_bearer(),
        Refusal::no_sid(),
        Refusal::bad_sid("x"),
        Refusal::sid_in_use(),
        Refusal::invalid_token(),
        Refusal::validator_failed(),
        Refusal::timeout(),
        Refusal::too_many_handshakes(),
        Refusal::too_many_connections(),
        Refusal::too_many_from_address(),
        Refusal::origin_refused(),
        Refusal::shutting_down(),
        Refusal::upgrade_required(),
        Refusal::websocket_version(),
        Refusal::method_not_allowed("PUT"),
        Refusal::http_version(),
        Refusal::bad_key(),
        Refusal::bad_target("*"),
        Refusal::malformed(httparse::Error::Token),
        Refusal::head_too_large(),
    ]
}

#[test]
fn every_answer_is_complete_and_closes_the_connection() {
    for refusal in every_refusal() {
        let response = answer(&refusal);
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|head| head.lines().next()).expect("a status line");
        assert!(status.starts_with(&format!("{} ", refusal.status())) && status.len() > 4, "{status}");
        assert!(head.contains("\r\nConnection: close"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        assert!(body.starts_with(&format!("<html><body><h1>{status}</h1><p>")), "{body}");
    }
}

#[test]
fn an_answer_to_head_is_the_head_of_that_to_get() {
    for refusal in every_refusal() {
        let (to_get, to_head) = (answer(&refusal.clone().answering("GET")), answer(&refusal.answering("HEAD")));
        assert_eq!(Some(to_head.as_str()), to_get.find("\r\n\r\n").and_then(|end| to_get.get(..end + 4)));
    }
}

#[test]
fn every_refusal_has_its_own_label() {
    let refusals = every_refusal();
    let labels: HashSet<_> = refusals.iter().map(Refusal::outcome).collect();
    assert_eq!(labels.len(), refusals.len());
}

#[test]
fn statuses_that_demand_a_header_have_it() {
    for (refusal, line) in [
        (Refusal::upgrade_required(), "Upgrade: websocket"),
        (Refusal::websocket_version(), "Sec-WebSocket-Version: 13"),
        (Refusal::method_not_allowed("PUT"), "Allow: GET"),
    ] {
        assert!(answer(&refusal).contains(&format!("\r\n{line}\r\n")), "{line}");
    }
}

#[test]
fn what_came_from_outside_is_escaped_and_bounded() {
    let response = answer(&Refusal::bad_sid("<script>alert('&')</script>\r\n\u{1b}"));
    let (_, body) = response.split_once("\r\n\r\n").expect("a head");
    assert!(body.contains("&lt;script&gt;alert("), "{body}");
    assert!(!body.contains("<script") && !body.contains(['\r', '\n', '\u{1b}']), "{body}");
    assert!(answer(&Refusal::bad_sid(&"9".repeat(10_000))).len() < 600);
    assert_eq!(verdict::<()>(Err(Refusal::bad_sid(""))), (400, "bad_sid"));
}
