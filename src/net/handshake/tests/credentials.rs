//! Token and session id from the request target.

use proptest::prelude::*;

use super::verdict;
use crate::net::handshake::credentials;

/// The sid that a query value stands for.
fn sid(value: &str) -> Result<u64, (u16, &'static str)> {
    let target = format!("/?authorization=Bearer+tok&x-cryo-sid={value}");
    credentials(&target).map(|credentials| credentials.sid).map_err(|refusal| (refusal.status(), refusal.outcome()))
}

fn token(authorization: &str) -> Option<String> {
    let target = format!("/?authorization={authorization}&x-cryo-sid=1");
    credentials(&target).ok().map(|credentials| credentials.token)
}

#[test]
fn reads_token_and_sid_among_other_parameters() {
    for target in [
        "/?authorization=Bearer%20tok&x-cryo-sid=18446744073709551615",
        "/any/path?a=1&x-cryo-sid=18446744073709551615&authorization=Bearer+tok&authorization=Basic+x#fragment",
        "http://localhost:8080/?authorization=Bearer+tok&x-cryo-sid=18446744073709551615",
        "wss://[::1]:8443?authorization=Bearer+tok&x-cryo-sid=18446744073709551615",
        "//*:99999?authorization=Bearer+tok&x-cryo-sid=18446744073709551615",
    ] {
        let credentials = credentials(target).expect(target);
        assert_eq!((credentials.token.as_str(), credentials.sid), ("tok", u64::MAX), "{target}");
    }
}

#[test]
fn checks_in_the_order_of_the_protocol() {
    assert_eq!(verdict(credentials("/")), (401, "no_auth"));
    assert_eq!(verdict(credentials("/?x-cryo-sid=bad")), (401, "no_auth"));
    assert_eq!(verdict(credentials("/?authorization=Basic+x&x-cryo-sid=bad")), (401, "not_bearer"));
    assert_eq!(verdict(credentials("/?authorization=Bearer+x")), (401, "no_sid"));
    // Empty is as good as missing; the first of several counts all the same.
    assert_eq!(verdict(credentials("/?authorization=&x-cryo-sid=bad")), (401, "no_auth"));
    assert_eq!(verdict(credentials("/?authorization=Bearer+x&x-cryo-sid=")), (401, "no_sid"));
    assert_eq!(verdict(credentials("/?authorization=Bearer+x&x-cryo-sid&x-cryo-sid=1")), (401, "no_sid"));
    assert_eq!(verdict(credentials("/?authorization=Bearer+x&x-cryo-sid=bad")), (400, "bad_sid"));
}

#[test]
fn bearer_needs_white_space() {
    assert_eq!(token("Bearer+tok").as_deref(), Some("tok"));
    assert_eq!(token("Bearer%09tok").as_deref(), Some("tok"));
    assert_eq!(token("Bearer%C2%A0tok").as_deref(), Some("tok"));
    assert_eq!(token("Bearer++tok+").as_deref(), Some(" tok "));
    assert_eq!(token("Bearer+"), Some(String::new()));
    assert_eq!(token("Bearer+a%2Bb%26c%C3%BC").as_deref(), Some("a+b&cü"));
    for bad in ["BearerXtok", "Bearer", "bearer+tok", "+Bearer+tok", "Basic+tok", ""] {
        assert_eq!(token(bad), None, "{bad}");
    }
}

#[test]
fn a_sid_is_what_bigint_takes() {
    for (value, expected) in [
        ("0", 0),
        ("007", 7),
        ("18446744073709551615", u64::MAX),
        ("00000000000000000000000000000018446744073709551615", u64::MAX),
        ("0xfFfFfFfFfFfFfFfF", u64::MAX),
        ("0XA", 10),
        ("0o17", 15),
        ("0B101", 5),
        ("%2B5", 5),
        ("+5", 5),
        ("-0", 0),
        ("+++", 0),
        ("%0A%09%E2%80%A8%EF%BB%BF42%C2%A0", 42),
    ] {
        assert_eq!(sid(value), Ok(expected), "{value}");
    }
}

#[test]
fn a_sid_is_nothing_else() {
    for value in [
        "garbage",
        "1e3",
        "1.0",
        "1_000",
        "-1",
        "18446744073709551616",
        "0x10000000000000000",
        "0x",
        "0x%2B5",
        "-0x1",
        "%2B0x1",
        "0o8",
        "0b2",
        "%2B",
        "-",
        "%2B-1",
        "%2B%2B1",
        "1+2",
        "1n",
        "Infinity",
        "%C2%8542",
        "%D9%A3",
        "%00",
        "%FF",
    ] {
        assert_eq!(sid(value), Err((400, "bad_sid")), "{value}");
    }
}

#[test]
fn the_answer_names_the_sid_that_was_refused() {
    let refusal = credentials("/?authorization=Bearer+x&x-cryo-sid=1e3").expect_err("refused");
    assert_eq!(refusal.reason(), r#"The SID "1e3" is not an integer from 0 to 18446744073709551615."#);
}

#[test]
fn a_target_must_be_a_url() {
    let query = "?authorization=Bearer+x&x-cryo-sid=1";
    for target in [
        "*",
        "*:99999",
        "",
        "path",
        "localhost:80",
        "http://",
        "http://:80/",
        "http://host:99999/",
        "http://host:8x/",
        "http://[::1]:+1/",
        "http://[/",
        "http://[]/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]x/",
        "http://[1.2.3.4]/",
        "http://[host]:80/",
        "http://::1/",
        "http://a|b/",
        "http://user@/",
        "http://user@:80/",
        "ftp://host/",
        "http:/host/",
    ] {
        assert_eq!(verdict(credentials(&format!("{target}{query}"))), (400, "bad_target"), "{target}");
    }
    for target in [
        "/",
        "http://host",
        "HTTPS://host:/",
        "ws://[::1]/",
        "wss://[::1]:1/",
        "ws://[::ffff:192.0.2.1]",
        "http://user:pass@host:80/",
        "http://user@[::1]/",
        "http://a%41.b_c/",
        "http://host\\path",
    ] {
        assert!(credentials(&format!("{target}{query}")).is_ok(), "{target}");
    }
}

#[test]
fn a_token_does_not_get_into_logs() {
    let credentials = credentials("/?authorization=Bearer+hush&x-cryo-sid=7").expect("good");
    let debug = format!("{credentials:?}");
    assert!(debug.contains('7') && !debug.contains("hush"), "{debug}");
}

proptest! {
    #[test]
    fn arbitrary_targets_never_panic(target in ".*") {
        let _ = credentials(&target);
    }

    #[test]
    fn arbitrary_values_never_panic_and_every_u64_is_a_sid(value in "[0-9a-fxobXOB+%_ -]{0,24}", number: u64) {
        let _ = sid(&value);
        prop_assert_eq!(sid(&number.to_string()), Ok(number));
        prop_assert_eq!(sid(&format!("+0x{number:x}+")), Ok(number));
    }
}
