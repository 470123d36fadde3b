//! Greeting, messages and their ACKs, verdicts, and what breaks the protocol.

use std::sync::Arc;

use super::*;
use crate::protocol::{CloseCode, close};
use crate::session::receive_window::EVENT_COST;

#[test]
fn nothing_leaves_before_endpoint_info_and_everything_after_it_in_order() {
    let mut rig = Rig::silent(Config::default());
    rig.send("first", 1);
    rig.call(Session::ping);
    rig.send("second", 2);
    assert_eq!(rig.did(), []);
    rig.call(Session::greet);
    rig.call(Session::greet);
    assert_eq!(rig.did(), [greeting(), text(1, "first"), Did::Frame(Frame::Ping { ack: 2 }), text(3, "second")]);
}

#[test]
fn endpoint_info_has_a_packet_of_its_own() {
    let mut rig = Rig::silent(Config::default());
    rig.flowing = false;
    rig.send("behind it", 1);
    rig.call(Session::greet);
    assert_eq!(rig.did(), [greeting()], "the rest follows when the socket has taken it");
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(1, "behind it")]);
}

#[test]
fn each_kind_of_message_is_acknowledged_before_the_application_sees_it() {
    let mut rig = Rig::greeted(Config::default());
    rig.receive(&Frame::Utf8 { ack: 4, payload: b"text" });
    rig.receive(&Frame::Binary { ack: 5, payload: b"bytes" });
    rig.receive(&Frame::Error { ack: 6, payload: b"" });
    let expected = [
        ack(4),
        received(MessageKind::Utf8, 4, "text"),
        ack(5),
        received(MessageKind::Binary, 5, "bytes"),
        ack(6),
        received(MessageKind::Error, 6, ""),
    ];
    assert_eq!(rig.did(), expected);
}

#[test]
fn a_kind_with_hooks_waits_for_its_verdict() {
    let mut rig = Rig::greeted(Config::default());
    rig.hooks = Hooks(1 << MessageKind::Binary as u8);
    rig.receive(&Frame::Utf8 { ack: 1, payload: b"a" });
    rig.receive(&Frame::Binary { ack: 2, payload: b"b" });
    let hooked = Did::Message { kind: MessageKind::Binary, ack: 2, payload: b"b".into(), verdict: true };
    assert_eq!(rig.did(), [ack(1), received(MessageKind::Utf8, 1, "a"), hooked]);
    rig.call(|session, io| session.acknowledge(2, io));
    assert_eq!(rig.did(), [ack(2)]);
}

#[test]
fn connected_comes_once_however_often_the_peer_announces_itself() {
    let mut rig = Rig::greeted(Config::default());
    rig.announce();
    assert_eq!(rig.did(), [ack(0), Did::Connected(true)]);
    rig.receive(&Frame::EndpointInfo { ack: 9, version: VERSION, features: 0 });
    assert_eq!(rig.did(), [ack(9)]);
}

#[test]
fn a_peer_without_transactions_is_connected_too() {
    let mut rig = Rig::greeted(Config::default());
    rig.receive(&Frame::EndpointInfo { ack: 0, version: VERSION, features: 0 });
    assert_eq!(rig.did(), [ack(0), Did::Connected(false)]);
}

#[test]
fn another_version_is_refused_without_an_ack() {
    let mut rig = Rig::greeted(Config::default());
    let fault = rig.try_receive(&Frame::EndpointInfo { ack: 0, version: 2, features: 0 }).expect_err("a mismatch");
    assert_eq!(fault.code, CloseCode::CLIENT_FAULT);
    assert_eq!(fault.reason, "Protocol mismatch. Client offered 2, we support 1 !");
    assert_eq!(rig.did(), []);
}

#[test]
fn transactions_take_the_feature() {
    let mut rig = Rig::greeted(Config::default());
    let fault = rig.try_receive(&Frame::TxFinish { ack: 0, tx_id: 0 }).expect_err("not announced");
    assert_eq!((fault.code, &*fault.reason), (CloseCode::SERVER_FAULT, close::NO_TRANSACTION_FEATURE));
}

#[test]
fn a_ping_is_answered_with_its_number_and_a_pong_with_nothing() {
    let mut rig = Rig::greeted(Config::default());
    rig.receive(&Frame::Ping { ack: 77 });
    rig.receive(&Frame::Pong { ack: 78 });
    assert_eq!(rig.did(), [Did::Frame(Frame::Pong { ack: 77 })]);
}

#[test]
fn unknown_types_are_ignored_and_counted_and_short_frames_break_the_protocol() {
    let config = Config::default();
    let meter = Arc::clone(&config.meter);
    let mut rig = Rig::greeted(config);
    let unknown = [&SID.to_be_bytes()[..], &[99, 1, 2, 3]].concat();
    assert_eq!(rig.call(|session, io| session.receive(unknown.into(), Hooks(0), io)), Ok(()));
    assert_eq!(meter.ignored.get(), 1);
    let fault = rig.call(|session, io| session.receive(vec![0; 5].into(), Hooks(0), io)).expect_err("too short");
    assert_eq!(fault.code, CloseCode::CLIENT_FAULT);
    assert_eq!(rig.did(), []);
}

#[test]
fn received_and_sent_bytes_are_counted() {
    let mut rig = Rig::greeted(Config::default());
    let (rx, tx, _) = rig.session.counters();
    rig.receive(&Frame::Utf8 { ack: 1, payload: b"four" });
    let (rx_after, tx_after, _) = rig.session.counters();
    assert_eq!((rx_after - rx, tx_after - tx), (13 + 4, 13));
}

#[test]
fn what_the_application_has_not_handled_fills_the_session() {
    let mut rig = Rig::greeted(Config { max_unread: 1000, ..Config::default() });
    rig.receive(&Frame::Utf8 { ack: 1, payload: &[b'x'; 500] });
    assert!(!rig.session.is_full(0));
    rig.receive(&Frame::Utf8 { ack: 2, payload: &[b'x'; 500] });
    assert!(rig.session.is_full(0));
    assert!(!rig.session.is_full(1), "its batch is handled");
    rig.session.window.hold(1000);
    assert!(rig.session.is_full(1), "but kept");
}

#[test]
fn what_waits_for_a_verdict_fills_the_session_until_that_is_given() {
    let mut rig = Rig::greeted(Config { max_unread: 1000, ..Config::default() });
    rig.hooks = Hooks(1 << MessageKind::Utf8 as u8);
    rig.receive(&Frame::Utf8 { ack: 1, payload: &[b'x'; 1000] });
    assert!(rig.session.is_full(1), "its batch is handled, its hooks are not through");
    rig.session.window.release(1000 + EVENT_COST);
    assert!(!rig.session.is_full(1));
}
