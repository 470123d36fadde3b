//! Sends: their numbers, their order, how they end.

use super::*;
use crate::session::acks::ACK_TIMEOUT;

#[test]
fn a_send_settles_with_its_ack_once() {
    let mut rig = Rig::greeted(Config::default());
    rig.send("one", 10);
    rig.send("two", 11);
    assert_eq!(rig.did(), [text(1, "one"), text(2, "two")]);
    for number in [2, 2, 1, 5] {
        rig.receive(&Frame::Ack { ack: number });
    }
    assert_eq!(rig.did(), [acknowledged(11), acknowledged(10)]);
}

#[test]
fn a_send_without_a_token_settles_silently() {
    let mut rig = Rig::greeted(Config::default());
    rig.send("fire and forget", 0);
    rig.receive(&Frame::Ack { ack: 1 });
    assert_eq!(rig.did(), [text(1, "fire and forget")]);
}

#[test]
fn kinds_keep_their_order_while_throttled() {
    let mut rig = Rig::greeted(Config { high_water_mark: 20, low_water_mark: 0, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send_error("error", 2);
    rig.send("text", 3);
    rig.call(|session, io| session.send(MessageKind::Binary, b"bytes", 4, io));
    assert_eq!(rig.did(), [text(1, "fills the socket")]);
    rig.take(usize::MAX);
    let (error, bytes) = (Frame::Error { ack: 2, payload: b"error" }, Frame::Binary { ack: 4, payload: b"bytes" });
    assert_eq!(rig.did(), [Did::Frame(error), text(3, "text"), Did::Frame(bytes)]);
}

#[test]
fn a_new_message_does_not_overtake_those_that_wait() {
    let mut rig = Rig::greeted(Config { high_water_mark: 20, low_water_mark: 15, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send("waits", 2);
    rig.send("waits too", 3);
    rig.take(15);
    assert_eq!(rig.did(), [text(1, "fills the socket"), text(2, "waits")], "the high water mark is reached again");
    rig.send("last", 4);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [text(3, "waits too"), text(4, "last")]);
}

#[test]
fn the_time_to_acknowledge_runs_from_when_a_message_leaves() {
    let mut rig =
        Rig::greeted(Config { high_water_mark: 20, low_water_mark: 0, keep_late: false, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send("waits", 2);
    rig.now = ACK_TIMEOUT;
    rig.take(usize::MAX);
    rig.did();
    rig.call(Session::sweep);
    assert_eq!(rig.did(), [Did::Settled(1, Outcome::TimedOut)]);
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    assert_eq!(rig.did(), [Did::Settled(2, Outcome::TimedOut)]);
    assert!(!rig.session.awaits_acks());
}

#[test]
fn a_late_ack_settles_what_is_kept_for_it() {
    let mut rig = Rig::greeted(Config::default());
    rig.send("slow to be acknowledged", 1);
    rig.now = 2 * ACK_TIMEOUT;
    rig.did();
    rig.call(Session::sweep);
    assert_eq!(rig.did(), []);
    assert!(!rig.session.awaits_acks(), "it is not swept again");
    rig.receive(&Frame::Ack { ack: 1 });
    assert_eq!(rig.did(), [acknowledged(1)]);
}

#[test]
fn an_ack_for_what_still_waits_settles_it_once_and_it_still_leaves() {
    let mut rig = Rig::greeted(Config { high_water_mark: 20, low_water_mark: 0, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send("waits", 2);
    rig.receive(&Frame::Ack { ack: 2 });
    rig.take(usize::MAX);
    rig.receive(&Frame::Ack { ack: 2 });
    assert_eq!(rig.did(), [text(1, "fills the socket"), acknowledged(2), text(2, "waits")]);
}

#[test]
fn a_burst_before_the_greeting_is_nobodys_loss() {
    let mut rig = Rig::silent(Config { max_queue_count: 2, max_queued_bytes: 50, ..Config::default() });
    for token in 1..=100 {
        rig.send("the same text", token);
    }
    rig.call(Session::greet);
    let did = rig.did();
    assert_eq!(did.len(), 101);
    assert_eq!(did.last(), Some(&text(100, "the same text")));
}
