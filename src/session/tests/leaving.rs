//! Every way out: flush, BYE, close; and nothing after it.

use super::*;
use crate::protocol::{CloseCode, close};
use crate::session::Farewell;
use crate::session::acks::ACK_TIMEOUT;

fn bye(ack: u32, reason: &'static str) -> Did {
    Did::Frame(Frame::Bye { ack, reason: reason.as_bytes() })
}

fn closed(code: u16, reason: &str) -> Did {
    Did::Close(code, reason.into())
}

fn leave(rig: &mut Rig, farewell: Farewell) {
    rig.call(|session, io| session.close_gracefully(farewell, io));
}

/// A session with one message in its socket and one that waits.
fn congested() -> Rig {
    let mut rig = Rig::greeted(Config { high_water_mark: 20, low_water_mark: 0, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send("waits", 2);
    rig.did();
    rig
}

#[test]
fn bye_follows_what_was_sent_before() {
    let mut rig = congested();
    leave(&mut rig, Farewell::bye("enough"));
    assert!(rig.session.is_leaving());
    rig.send("too late", 3);
    assert_eq!(rig.did(), []);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(2, "waits"), bye(3, "enough"), closed(4000, close::CLOSING_SESSION)]);
    assert!(rig.session.is_closed());
}

#[test]
fn nothing_comes_of_what_was_sent_when_the_connection_is_gone() {
    let config = Config { high_water_mark: 20, low_water_mark: 0, max_queue_count: 1, ..Config::default() };
    let mut rig = Rig::greeted(config);
    rig.announce();
    rig.flowing = false;
    rig.call(|session, io| session.start_stream(5, -1, b"stream", io));
    rig.send("waits", 1);
    rig.did();
    rig.session.discard();
    assert!(rig.session.is_closed());
    rig.send("dropped by the next", 2);
    rig.send("too late", 3);
    rig.call(|session, io| session.send_chunk(5, 0, b"chunk", io));
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), []);
    assert!(!rig.session.awaits_acks());
}

#[test]
fn only_the_first_farewell_counts() {
    let mut rig = congested();
    leave(&mut rig, Farewell::silent(4444, "mine"));
    leave(&mut rig, Farewell::bye("not mine"));
    rig.take(usize::MAX);
    leave(&mut rig, Farewell::bye("nor mine"));
    assert_eq!(rig.did(), [text(2, "waits"), closed(4444, "mine")]);
}

#[test]
fn leaving_before_the_greeting_waits_for_it() {
    let mut rig = Rig::silent(Config::default());
    rig.send("hello", 1);
    leave(&mut rig, Farewell::bye("and good-bye"));
    assert_eq!(rig.did(), []);
    rig.call(Session::greet);
    let expected = [greeting(), text(1, "hello"), bye(2, "and good-bye"), closed(4000, close::CLOSING_SESSION)];
    assert_eq!(rig.did(), expected);
}

#[test]
fn when_time_is_up_the_farewell_goes_without_the_rest() {
    let mut rig = congested();
    leave(&mut rig, Farewell::bye("enough"));
    rig.call(Session::stop_draining);
    assert_eq!(rig.did(), [bye(3, "enough"), closed(4000, close::CLOSING_SESSION)]);
    rig.take(usize::MAX);
    rig.call(Session::stop_draining);
    assert_eq!(rig.did(), []);
}

#[test]
fn a_bye_of_the_peer_is_acknowledged_and_closes_with_its_reason() {
    for (reason, expected) in [("see you", "see you"), ("", close::DISCONNECT)] {
        let mut rig = congested();
        rig.receive(&Frame::Bye { ack: 8, reason: reason.as_bytes() });
        rig.take(usize::MAX);
        assert_eq!(rig.did(), [ack(8), closed(4000, expected)]);
    }
}

#[test]
fn a_bye_of_the_peer_ends_a_flush_under_way() {
    let mut rig = congested();
    leave(&mut rig, Farewell::bye("never said"));
    rig.receive(&Frame::Bye { ack: 8, reason: b"me first" });
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [ack(8), closed(4000, "me first")]);
}

#[test]
fn a_fault_closes_at_once() {
    let mut rig = congested();
    let fault = Fault { code: CloseCode::CLIENT_FAULT, reason: "broken".into() };
    rig.call(|session, io| session.close_on_fault(&fault, io));
    rig.call(|session, io| session.close_on_fault(&fault, io));
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [closed(4001, "broken")]);
}

#[test]
fn after_the_close_only_acks_matter() {
    let mut rig = Rig::greeted(Config::default());
    rig.send("before", 1);
    leave(&mut rig, Farewell::silent(4000, ""));
    rig.did();
    rig.receive(&Frame::Utf8 { ack: 1, payload: b"ignored" });
    rig.receive(&Frame::Ping { ack: 2 });
    rig.receive(&Frame::Bye { ack: 3, reason: b"" });
    rig.announce();
    rig.call(|session, io| session.acknowledge(4, io));
    rig.call(Session::ping);
    rig.call(Session::greet);
    rig.send("after", 2);
    assert_eq!(rig.did(), []);
    rig.receive(&Frame::Ack { ack: 1 });
    assert_eq!(rig.did(), [acknowledged(1)]);
}

#[test]
fn a_session_that_flushes_still_hears_its_peer() {
    let mut rig = congested();
    leave(&mut rig, Farewell::bye("soon"));
    rig.receive(&Frame::Utf8 { ack: 1, payload: b"last words" });
    rig.receive(&Frame::Ack { ack: 1 });
    assert_eq!(rig.did(), [ack(1), received(MessageKind::Utf8, 1, "last words"), acknowledged(1)]);
}

#[test]
fn when_the_connection_is_over_nothing_leaves_and_nobody_is_told() {
    let mut rig = Rig::greeted(Config { keep_late: false, ..Config::default() });
    rig.send("not acknowledged", 1);
    rig.did();
    rig.session.discard();
    assert!(rig.session.is_closed() && !rig.session.awaits_acks());
    rig.send("too late", 2);
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    rig.take(usize::MAX);
    leave(&mut rig, Farewell::bye("nor this"));
    assert_eq!(rig.did(), []);
}
