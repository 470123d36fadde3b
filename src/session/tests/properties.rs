//! What holds whatever the network, the application and the clock do.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::session::Farewell;
use crate::session::config::DropPolicy;

#[derive(Debug, Clone)]
enum Step {
    Send(MessageKind, usize),
    Ack(u32),
    Message(u32),
    Verdict(u32),
    Announce(u32),
    PeerBye,
    Raw(Vec<u8>),
    Take(usize),
    Wait(Micros),
    Beat(bool),
    Ping,
    Leave(bool),
    LeaveNow,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = select(vec![MessageKind::Utf8, MessageKind::Binary, MessageKind::Error]);
    prop_oneof![
        12 => (kind, 0usize..120).prop_map(|(kind, length)| Step::Send(kind, length)),
        8 => (0u32..60).prop_map(Step::Ack),
        4 => (0u32..9).prop_map(Step::Message),
        2 => (0u32..9).prop_map(Step::Verdict),
        1 => (0u32..3).prop_map(Step::Announce),
        8 => (0usize..400).prop_map(Step::Take),
        2 => (0u64..3_000_000).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Beat),
        1 => Just(Step::Ping),
        1 => vec(any::<u8>(), 0..40).prop_map(Step::Raw),
        1 => prop_oneof![
            Just(Step::PeerBye),
            any::<bool>().prop_map(Step::Leave),
            Just(Step::LeaveNow),
        ],
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let policy = select(vec![DropPolicy::Oldest, DropPolicy::Newest, DropPolicy::Dedupe]);
    (policy, 1usize..300, 0usize..300, 1usize..500, 1usize..8, any::<bool>()).prop_map(
        |(drop_policy, high, low, max_queued_bytes, max_queue_count, keep_late)| Config {
            high_water_mark: high,
            low_water_mark: low.min(high),
            max_queued_bytes,
            max_queue_count,
            drop_policy,
            keep_late,
            ..Config::default()
        },
    )
}

/// What the steps have sent so far, and what may be said about the queue.
#[derive(Default)]
struct Sent {
    token: u32,
    /// Of the ERROR frames, which the caps don't bind.
    undroppable: (usize, usize),
}

fn apply(rig: &mut Rig, sent: &mut Sent, step: &Step) {
    match step {
        Step::Send(kind, length) => {
            sent.token += 1;
            // Distinct but for a few, so that order can be told and dedupe has work.
            let payload = format!("{:04}{}", sent.token, "x".repeat(*length));
            let (kind, token) = (*kind, sent.token);
            if kind == MessageKind::Error {
                sent.undroppable.0 += 13 + payload.len();
                sent.undroppable.1 += 1;
            }
            rig.call(|session, io| session.send(kind, payload.as_bytes(), token, io));
        }
        Step::Ack(ack) => feed(rig, &Frame::Ack { ack: *ack }),
        Step::Message(ack) => feed(rig, &Frame::Utf8 { ack: *ack, payload: b"hello" }),
        Step::Announce(version) => feed(rig, &Frame::EndpointInfo { ack: 0, version: *version, features: 1 }),
        Step::PeerBye => feed(rig, &Frame::Bye { ack: 0, reason: b"" }),
        Step::Raw(bytes) => feed_bytes(rig, bytes.clone()),
        Step::Verdict(ack) => {
            // A verdict follows a message, which the connection does not feed to a session before it greets.
            rig.call(Session::greet);
            rig.call(|session, io| session.acknowledge(*ack, io));
        }
        Step::Take(bytes) => rig.take(*bytes),
        Step::Wait(time) => {
            rig.now += time;
            rig.call(Session::sweep);
        }
        Step::Beat(paused) => drop(rig.call(|session, io| session.beat(*paused, io))),
        Step::Ping => rig.call(Session::ping),
        Step::Leave(bye) => {
            let farewell = if *bye { Farewell::bye("bye") } else { Farewell::silent(4000, "") };
            rig.call(|session, io| session.close_gracefully(farewell, io));
        }
        Step::LeaveNow => rig.call(Session::stop_draining),
    }
}

fn feed(rig: &mut Rig, frame: &Frame<'_>) {
    feed_bytes(rig, [&*frame.head(SID), frame.tail()].concat());
}

/// As the connection does it: whoever breaks the protocol is closed.
fn feed_bytes(rig: &mut Rig, bytes: Vec<u8>) {
    rig.call(Session::greet);
    let hooks = rig.hooks;
    if let Err(fault) = rig.call(|session, io| session.receive(bytes.into(), hooks, io)) {
        rig.call(|session, io| session.close_on_fault(&fault, io));
    }
}

/// The running number that a message of [`apply`] begins with.
fn serial(payload: &[u8]) -> u32 {
    String::from_utf8_lossy(payload)[..4].parse().expect("a serial number")
}

fn check_wire(did: &[Did]) -> Result<(), TestCaseError> {
    let frames: Vec<_> = did.iter().filter(|did| matches!(did, Did::Frame(_) | Did::Close(..))).collect();
    if let Some(Did::Frame(first)) = frames.first() {
        prop_assert!(matches!(first, Frame::EndpointInfo { ack: 0, .. } | Frame::Bye { .. }), "first: {first:?}");
    }
    let byes = frames.iter().filter(|did| matches!(did, Did::Frame(Frame::Bye { .. }))).count();
    let closes = frames.iter().filter(|did| matches!(did, Did::Close(..))).count();
    prop_assert!(byes <= 1 && closes <= 1, "{byes} BYEs, {closes} closes");
    prop_assert!(closes == 0 || matches!(frames.last(), Some(Did::Close(..))), "frames after the close");
    let messages: Vec<u32> = frames
        .iter()
        .filter_map(|did| match did {
            Did::Frame(Frame::Utf8 { payload, .. } | Frame::Binary { payload, .. } | Frame::Error { payload, .. }) => {
                Some(serial(payload))
            }
            _ => None,
        })
        .collect();
    prop_assert!(messages.is_sorted_by(|a, b| a < b), "out of order: {messages:?}");
    Ok(())
}

proptest! {
    #[test]
    fn whatever_happens(config in config(), hooks in 0u8..8, greets in any::<bool>(), steps in vec(step(), 1..120)) {
        let mut rig = Rig::silent(config.clone());
        rig.hooks = Hooks(hooks);
        rig.flowing = false;
        if greets {
            rig.call(Session::greet);
        }
        let mut sent = Sent::default();
        let (mut did, mut settled, mut gone) = (Vec::new(), HashSet::new(), HashSet::new());
        for step in &steps {
            apply(&mut rig, &mut sent, step);
            let news = rig.did();
            for happened in &news {
                if let Did::Settled(token, outcome) = happened {
                    prop_assert!(*token <= sent.token && settled.insert(*token), "{token} settled twice");
                    if *outcome == Outcome::Dropped {
                        gone.insert(*token);
                    }
                }
            }
            did.extend(news);
            let (bytes, frames) = (rig.session.outbox.bytes(), rig.session.outbox.len());
            // What was let in before the greeting may outlast it; one message may be larger than the cap.
            let allowance = config.high_water_mark + 140;
            prop_assert!(bytes <= config.max_queued_bytes + sent.undroppable.0 + allowance);
            prop_assert!(frames <= config.max_queue_count + sent.undroppable.1 + allowance / 13);
            prop_assert!(rig.session.is_closed() || !did.iter().any(|did| matches!(did, Did::Close(..))));
        }
        check_wire(&did)?;
        for happened in &did {
            if let Did::Frame(Frame::Utf8 { payload, .. } | Frame::Binary { payload, .. }) = happened {
                prop_assert!(!gone.contains(&serial(payload)), "dropped, yet sent");
            }
        }
        if !rig.session.is_closed() && !rig.session.is_leaving() {
            // Nothing is lost but what was said to be.
            rig.call(Session::greet);
            while rig.socket.pending > 0 {
                rig.take(usize::MAX);
            }
            did.extend(rig.did());
            let arrived = did.iter().filter(|did| {
                matches!(did, Did::Frame(Frame::Utf8 { .. } | Frame::Binary { .. } | Frame::Error { .. }))
            });
            prop_assert_eq!(arrived.count() + rig.session.counters().2 as usize, sent.token as usize);
        }
    }
}
