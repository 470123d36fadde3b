//! Streams: the peer's, ours, and how far ours run ahead of the socket.

use super::*;
use crate::protocol::CloseCode;
use crate::session::acks::ACK_TIMEOUT;
use crate::session::receive_window::{CHUNK_COST, STREAM_COST};

fn connected(config: Config) -> Rig {
    let mut rig = Rig::greeted(config);
    rig.announce();
    rig.did();
    rig
}

fn start(rig: &mut Rig, tx_id: u32) {
    rig.receive(&Frame::TxStart { ack: 10, tx_id, byte_length: -1, name: b"up" });
}

fn chunk(rig: &mut Rig, tx_id: u32) {
    rig.receive(&Frame::TxChunk { tx_id, seq: 3, payload: b"abc" });
}

#[test]
fn a_peers_stream_is_acknowledged_and_told_step_by_step() {
    let mut rig = connected(Config::default());
    start(&mut rig, 5);
    chunk(&mut rig, 5);
    rig.receive(&Frame::TxFinish { ack: 11, tx_id: 5 });
    let expected = [
        ack(10),
        Did::StreamStarted { tx_id: 5, byte_length: -1, name: b"up".into() },
        Did::StreamChunk { tx_id: 5, seq: 3, payload: b"abc".into() },
        ack(11),
        Did::StreamFinished(5),
    ];
    assert_eq!(rig.did(), expected);
}

#[test]
fn what_is_about_no_open_stream_is_acknowledged_and_ignored() {
    let config = Config::default();
    let meter = std::sync::Arc::clone(&config.meter);
    let mut rig = connected(config);
    start(&mut rig, 5);
    rig.receive(&Frame::TxFinish { ack: 11, tx_id: 5 });
    rig.did();
    chunk(&mut rig, 5);
    rig.receive(&Frame::TxFinish { ack: 12, tx_id: 5 });
    rig.receive(&Frame::TxCancel { ack: 13, tx_id: 5 });
    rig.receive(&Frame::TxFetch { ack: 14, tx_id: 5, start: 0, end: 1 });
    assert_eq!(rig.did(), [ack(12), ack(13), ack(14)]);
    assert_eq!(meter.ignored.get(), 4);
}

#[test]
fn without_the_feature_every_transaction_frame_is_a_fault() {
    let mut rig = Rig::greeted(Config::default());
    let frames = [
        Frame::TxStart { ack: 1, tx_id: 0, byte_length: -1, name: b"" },
        Frame::TxChunk { tx_id: 0, seq: 0, payload: b"" },
        Frame::TxFinish { ack: 1, tx_id: 0 },
        Frame::TxFlow { ack: 1, behaviour: FlowBehaviour::Pull },
        Frame::TxFetch { ack: 1, tx_id: 0, start: 0, end: 1 },
        Frame::TxCancel { ack: 1, tx_id: 0 },
    ];
    for frame in frames {
        assert_eq!(rig.try_receive(&frame).expect_err("a fault").code, CloseCode::SERVER_FAULT);
    }
    assert_eq!(rig.did(), []);
}

#[test]
fn a_stream_counts_as_unread_until_it_is_released() {
    let mut rig = connected(Config { max_unread: 3 * CHUNK_COST + STREAM_COST, ..Config::default() });
    start(&mut rig, 5);
    chunk(&mut rig, 5);
    chunk(&mut rig, 5);
    assert!(!rig.session.is_full(u64::MAX));
    chunk(&mut rig, 5);
    chunk(&mut rig, 5);
    assert!(rig.session.is_full(u64::MAX), "whatever batch is done");
    rig.session.window.release(2 * (3 + CHUNK_COST));
    assert!(!rig.session.is_full(u64::MAX));
}

#[test]
fn our_stream_goes_from_step_to_step_with_the_peers_acks() {
    let mut rig = connected(Config::default());
    rig.call(|session, io| session.start_stream(0, -1, b"down", io));
    rig.receive(&Frame::Ack { ack: 1 });
    rig.call(|session, io| session.send_chunk(0, 0, b"abc", io));
    rig.call(|session, io| session.finish_stream(0, io));
    rig.receive(&Frame::Ack { ack: 2 });
    let expected = [
        Did::Frame(Frame::TxStart { ack: 1, tx_id: 0, byte_length: -1, name: b"down" }),
        Did::StreamSettled(0, Step::Start, Outcome::Acknowledged),
        Did::Frame(Frame::TxChunk { tx_id: 0, seq: 0, payload: b"abc" }),
        Did::Frame(Frame::TxFinish { ack: 2, tx_id: 0 }),
        Did::StreamSettled(0, Step::Finish, Outcome::Acknowledged),
    ];
    assert_eq!(rig.did(), expected);
}

#[test]
fn a_cancel_stops_our_stream_and_means_ours_before_the_peers() {
    let mut rig = connected(Config::default());
    rig.call(|session, io| session.start_stream(5, -1, b"down", io));
    start(&mut rig, 5);
    rig.did();
    rig.receive(&Frame::TxCancel { ack: 11, tx_id: 5 });
    rig.call(|session, io| session.send_chunk(5, 0, b"late", io));
    rig.call(|session, io| session.finish_stream(5, io));
    rig.receive(&Frame::Ack { ack: 1 });
    rig.receive(&Frame::TxCancel { ack: 12, tx_id: 5 });
    let expected = [ack(11), Did::StreamCancelled(Side::Ours, 5), ack(12), Did::StreamCancelled(Side::Theirs, 5)];
    assert_eq!(rig.did(), expected);
}

#[test]
fn nothing_is_said_of_a_stream_that_is_through() {
    let mut rig = connected(Config::default());
    start(&mut rig, 5);
    rig.receive(&Frame::TxFinish { ack: 11, tx_id: 5 });
    start(&mut rig, 5);
    rig.call(|session, io| session.start_stream(6, -1, b"down", io));
    rig.receive(&Frame::TxCancel { ack: 12, tx_id: 6 });
    rig.did();
    rig.call(|session, io| session.refuse_stream(5, 0, io));
    rig.call(|session, io| session.refuse_stream(7, 0, io));
    rig.call(|session, io| session.cancel_stream(6, io));
    assert_eq!(rig.did(), []);
    chunk(&mut rig, 5);
    assert_eq!(rig.did(), [Did::StreamChunk { tx_id: 5, seq: 3, payload: b"abc".into() }]);
    rig.call(|session, io| session.refuse_stream(5, 1, io));
    chunk(&mut rig, 5);
    assert_eq!(rig.did(), [Did::Frame(Frame::TxCancel { ack: 2, tx_id: 5 })]);
}

#[test]
fn only_the_start_of_a_stream_times_out() {
    let mut rig = connected(Config { keep_late: false, ..Config::default() });
    rig.call(|session, io| session.start_stream(0, -1, b"", io));
    rig.did();
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    assert_eq!(rig.did(), [Did::StreamSettled(0, Step::Start, Outcome::TimedOut)]);
    rig.call(|session, _| session.close_stream(0));
    rig.call(|session, io| session.start_stream(1, -1, b"", io));
    rig.receive(&Frame::Ack { ack: 2 });
    rig.call(|session, io| session.finish_stream(1, io));
    rig.did();
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    assert_eq!(rig.did(), []);
    rig.receive(&Frame::Ack { ack: 3 });
    assert_eq!(rig.did(), [Did::StreamSettled(1, Step::Finish, Outcome::Acknowledged)]);
}

#[test]
fn the_start_of_a_stream_may_stand_behind_anothers_data() {
    let mut rig = connected(Config { keep_late: false, ..Config::default() });
    rig.call(|session, io| session.start_stream(0, -1, b"", io));
    rig.receive(&Frame::Ack { ack: 1 });
    rig.call(|session, io| session.send_chunk(0, 0, &[0; 1000], io));
    rig.call(|session, io| session.start_stream(1, -1, b"", io));
    rig.did();
    rig.now += ACK_TIMEOUT;
    rig.call(Session::sweep);
    assert_eq!(rig.did(), []);
    rig.receive(&Frame::Ack { ack: 2 });
    assert_eq!(rig.did(), [Did::StreamSettled(1, Step::Start, Outcome::Acknowledged)]);
}

#[test]
fn room_is_told_when_the_socket_has_taken_enough() {
    let mut rig = connected(Config { high_water_mark: 250, low_water_mark: 100, ..Config::default() });
    rig.call(|session, io| session.start_stream(0, -1, b"", io));
    rig.flowing = false;
    for seq in 0..5 {
        rig.call(|session, io| session.send_chunk(0, seq, &[0; 100], io));
    }
    rig.send("behind three chunks in the socket and two in the outbox", 1);
    rig.session.await_room(200);
    rig.did();
    rig.take(2 * 117);
    assert!(!rig.did().iter().any(|did| matches!(did, Did::Room(_))), "300 bytes are left");
    rig.take(117);
    assert!(rig.did().contains(&Did::Room(200)));
}

#[test]
fn chunks_are_never_dropped() {
    let mut rig = connected(Config { high_water_mark: 1, max_queue_count: 1, ..Config::default() });
    rig.call(|session, io| session.start_stream(0, -1, b"", io));
    rig.flowing = false;
    for seq in 0..50 {
        rig.call(|session, io| session.send_chunk(0, seq, b"x", io));
        rig.send("goes", 0);
    }
    rig.take(usize::MAX);
    let sent = rig.did();
    let chunks = sent.iter().filter(|did| matches!(did, Did::Frame(Frame::TxChunk { .. })));
    assert_eq!(chunks.count(), 50);
}
