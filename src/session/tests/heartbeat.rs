//! Heartbeat rounds: who is alive, who is dead, what is overdue.

use super::*;
use crate::protocol::close;
use crate::session::acks::ACK_TIMEOUT;
use crate::session::{Beat, Stats};

fn beat(rig: &mut Rig) -> Beat {
    rig.call(|session, io| session.beat(false, io))
}

fn is_alive(beat: Beat) -> bool {
    matches!(beat, Beat::Alive(_))
}

#[test]
fn each_round_sends_a_ping_with_a_number_of_its_own() {
    let mut rig = Rig::greeted(Config::default());
    for number in 1..=3 {
        assert!(is_alive(beat(&mut rig)));
        assert_eq!(rig.did(), [Did::Frame(Frame::Ping { ack: number })]);
        rig.receive(&Frame::Pong { ack: number });
    }
}

#[test]
fn an_applications_pings_to_a_stuck_peer_are_bounded() {
    let mut rig = Rig::greeted(Config { high_water_mark: 100, ..Config::default() });
    rig.flowing = false;
    for _ in 0..1000 {
        rig.call(Session::ping);
    }
    rig.take(usize::MAX);
    let pings = rig.did().len();
    assert!((1..20).contains(&pings), "{pings} pings");
    rig.call(Session::ping);
    assert_eq!(rig.did().len(), 1);
}

#[test]
fn a_silent_peer_is_told_and_closed_in_the_second_round() {
    let mut rig = Rig::greeted(Config::default());
    // Its ACK of ENDPOINT_INFO counts for the first round.
    assert!(is_alive(beat(&mut rig)));
    rig.did();
    assert_eq!(beat(&mut rig), Beat::Dead);
    let bye = Frame::Bye { ack: 2, reason: close::HEARTBEAT_MISSED.as_bytes() };
    assert_eq!(rig.did(), [Did::Frame(bye), Did::Close(4000, close::CLOSING_SESSION.into())]);
    assert_eq!(beat(&mut rig), Beat::Leaving);
}

#[test]
fn rounds_before_endpoint_info_send_no_ping_and_are_survived() {
    let mut rig = Rig::silent(Config::default());
    for round in 0..3 {
        assert!(is_alive(beat(&mut rig)), "round {round}");
    }
    rig.call(Session::greet);
    rig.take(usize::MAX);
    assert_eq!(rig.did(), [greeting()]);
    assert!(is_alive(beat(&mut rig)), "the first ping leaves only now");
    assert_eq!(rig.did(), [Did::Frame(Frame::Ping { ack: 1 })]);
    assert_eq!(beat(&mut rig), Beat::Dead);
}

#[test]
fn any_traffic_is_a_sign_of_life() {
    let mut rig = Rig::greeted(Config::default());
    for round in 0..5 {
        assert!(is_alive(beat(&mut rig)), "round {round}");
        rig.receive(&Frame::Utf8 { ack: round, payload: b"busy" });
    }
}

#[test]
fn a_peer_that_was_not_read_is_given_another_round() {
    let mut rig = Rig::greeted(Config::default());
    assert!(is_alive(beat(&mut rig)));
    assert!(is_alive(rig.call(|session, io| session.beat(true, io))), "not read at the moment");
    assert!(is_alive(beat(&mut rig)), "read again, since when is not known");
    assert_eq!(beat(&mut rig), Beat::Dead);
}

#[test]
fn a_slow_reader_is_alive_and_a_stuck_one_is_dead() {
    let mut rig = Rig::greeted(Config { high_water_mark: 100, ..Config::default() });
    rig.flowing = false;
    rig.send(&"x".repeat(200), 1);
    for _ in 0..3 {
        assert!(is_alive(beat(&mut rig)));
        rig.take(20);
    }
    assert!(is_alive(beat(&mut rig)));
    assert_eq!(beat(&mut rig), Beat::Dead);
}

/// A peer that was sent so much behind what it has acknowledged, all of which the system's buffers took: how many silent rounds of 15 s it has.
fn silent_rounds_behind(bytes: usize) -> u32 {
    let mut rig = Rig::greeted(Config::default());
    rig.receive(&Frame::Utf8 { ack: 1, payload: b"last words" });
    let mut rounds = 0;
    rig.send(&"x".repeat(bytes), 1);
    loop {
        rig.now += 15_000_000;
        if beat(&mut rig) == Beat::Dead {
            return rounds;
        }
        rounds += 1;
        assert!(rounds < 100, "it is never dead");
    }
}

#[test]
fn a_peer_that_has_much_to_read_before_a_ping_has_the_time_to_read_it() {
    // The first round is the one it was heard in.
    assert_eq!(silent_rounds_behind(100), 1);
    assert_eq!(silent_rounds_behind(200 << 10), 1, "6 s at the slowest");
    assert_eq!(silent_rounds_behind(1 << 20), 1 + 2, "32 s");
    assert_eq!(silent_rounds_behind(15 << 20), 1 + 8, "however much it is");
}

#[test]
fn only_what_stands_before_a_ping_that_was_answered_has_been_read() {
    let answered = |answer: &Frame<'_>| {
        let mut rig = Rig::greeted(Config::default());
        rig.send(&"x".repeat(1 << 20), 1);
        for _ in 0..2 {
            rig.now += 15_000_000;
            assert!(is_alive(beat(&mut rig)));
            rig.receive(answer);
        }
        rig.now += 15_000_000;
        assert!(is_alive(beat(&mut rig)), "it was heard");
        rig.now += 15_000_000;
        beat(&mut rig)
    };
    // ENDPOINT_INFO is 0, the message 1, the pings 2 and 3.
    assert_eq!(answered(&Frame::Pong { ack: 2 }), Beat::Dead);
    assert!(is_alive(answered(&Frame::Pong { ack: 7 })), "another number");
    assert!(is_alive(answered(&Frame::Utf8 { ack: 1, payload: b"busy" })), "no answer");
}

#[test]
fn what_waits_for_a_stuck_reader_does_not_delay_its_end() {
    let mut rig = Rig::greeted(Config { high_water_mark: 1, ..Config::default() });
    rig.flowing = false;
    rig.send("fills the socket", 1);
    rig.send("waits for ever", 2);
    beat(&mut rig);
    rig.did();
    assert_eq!(beat(&mut rig), Beat::Dead);
    assert!(matches!(rig.did()[..], [Did::Frame(Frame::Bye { .. }), Did::Close(4000, _)]));
}

#[test]
fn a_round_reports_figures_and_counts_timeouts_once() {
    let mut rig = Rig::greeted(Config::default());
    rig.send("not acknowledged", 1);
    rig.send("acknowledged", 2);
    rig.now = 30_000;
    rig.receive(&Frame::Ack { ack: 2 });
    rig.now = ACK_TIMEOUT;
    let (rx, tx, _) = rig.session.counters();
    // The ACK of ENDPOINT_INFO took no time at all, that of the message 30 ms: 0 + 0.2 * 30.
    assert_eq!(beat(&mut rig), Beat::Alive(Stats { rtt_ms: 6.0, rx, tx, ack_timeouts: 1 }));
    rig.receive(&Frame::Pong { ack: 3 });
    let Beat::Alive(stats) = beat(&mut rig) else { panic!("alive") };
    assert_eq!(stats.ack_timeouts, 0);
}

#[test]
fn the_round_trip_is_unknown_until_an_ack_comes() {
    let mut rig = Rig::silent(Config::default());
    rig.call(Session::greet);
    let Beat::Alive(stats) = beat(&mut rig) else { panic!("alive") };
    assert_eq!(stats.rtt_ms, -1.0);
}
