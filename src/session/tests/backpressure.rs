//! Water marks, caps, and what may be dropped.

use super::*;
use crate::protocol::{CloseCode, MAX_PAYLOAD, close};
use crate::session::config::DropPolicy;

/// A session whose socket has taken all it will: the next message waits.
fn stuck(policy: DropPolicy, max_queued_bytes: usize, max_queue_count: usize) -> Rig {
    let config = Config {
        high_water_mark: 20,
        low_water_mark: 5,
        max_queued_bytes,
        max_queue_count,
        drop_policy: policy,
        ..Config::default()
    };
    let mut rig = Rig::greeted(config);
    rig.flowing = false;
    rig.send("fills the socket", 100);
    rig.did();
    rig
}

#[test]
fn messages_flow_up_to_the_high_mark_and_again_below_the_low_one() {
    let mut rig = stuck(DropPolicy::Oldest, 1000, 10);
    assert!(rig.session.is_throttled());
    rig.send("waits", 1);
    assert_eq!(rig.session.queued(&rig.socket), (13 + 16 + 13 + 5, 1));
    rig.take(13 + 16 - 6);
    assert_eq!(rig.did(), [], "6 bytes are above the low mark");
    rig.take(1);
    assert_eq!(rig.did(), [text(2, "waits")]);
    assert!(rig.session.is_throttled(), "the high mark is reached again");
    rig.take(usize::MAX);
    assert!(!rig.session.is_throttled());
    assert_eq!(rig.session.queued(&rig.socket), (0, 0));
}

#[test]
fn drop_oldest_settles_what_it_drops() {
    let mut rig = stuck(DropPolicy::Oldest, 1000, 2);
    for token in 1..=4 {
        rig.send("x", token);
    }
    assert_eq!(rig.did(), [dropped(1), dropped(2)]);
    assert_eq!(rig.session.counters().2, 2);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(4, "x"), text(5, "x")]);
    rig.receive(&Frame::Ack { ack: 2 });
    assert_eq!(rig.did(), [], "the number of what was dropped means nothing");
}

#[test]
fn drop_newest_settles_the_new_message() {
    let mut rig = stuck(DropPolicy::Newest, 40, 10);
    for token in 1..=4 {
        rig.send("x", token);
    }
    assert_eq!(rig.did(), [dropped(3), dropped(4)], "two of 14 bytes fit");
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(2, "x"), text(3, "x")]);
}

#[test]
fn dedupe_keeps_the_latest_of_the_same() {
    let mut rig = stuck(DropPolicy::Dedupe, 1000, 2);
    for (payload, token) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
        rig.send(payload, token);
    }
    assert_eq!(rig.did(), [dropped(1), dropped(2)]);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(4, "a"), text(5, "c")]);
}

#[test]
fn control_frames_and_errors_are_never_dropped() {
    let mut rig = stuck(DropPolicy::Oldest, 30, 1);
    rig.send_error("an error", 1);
    rig.send_error("another error", 2);
    rig.send("has no room", 3);
    rig.receive(&Frame::Utf8 { ack: 50, payload: b"" });
    rig.receive(&Frame::Ping { ack: 51 });
    rig.call(|session, io| session.beat(false, io));
    let expected = [
        dropped(3),
        ack(50),
        received(MessageKind::Utf8, 50, ""),
        Did::Frame(Frame::Pong { ack: 51 }),
        Did::Frame(Frame::Ping { ack: 5 }),
    ];
    assert_eq!(rig.did(), expected, "they don't wait behind messages");
    rig.take(usize::MAX);
    let errors = [Frame::Error { ack: 2, payload: b"an error" }, Frame::Error { ack: 3, payload: b"another error" }];
    assert_eq!(rig.did(), errors.map(Did::Frame));
}

#[test]
fn an_empty_queue_admits_a_message_above_every_mark() {
    let mut rig = Rig::greeted(Config {
        high_water_mark: 1,
        low_water_mark: 0,
        max_queued_bytes: 1,
        max_queue_count: 1,
        ..Config::default()
    });
    rig.flowing = false;
    rig.send("at once", 1);
    rig.send("from the queue", 2);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(1, "at once"), text(2, "from the queue")]);
}

#[test]
fn a_peer_that_never_reads_its_errors_is_closed() {
    let mut rig = stuck(DropPolicy::Oldest, 1000, 10);
    let largest = "x".repeat(MAX_PAYLOAD);
    rig.send_error(&largest, 1);
    assert_eq!(rig.did(), []);
    rig.send_error(&largest, 2);
    rig.send_error("one more", 3);
    assert_eq!(rig.did(), [Did::Close(CloseCode::SERVER_FAULT.get(), close::OUTBOX_OVERFLOW.into())]);
    assert!(rig.session.is_closed());
    assert_eq!(rig.session.queued(&rig.socket).1, 0);
}
