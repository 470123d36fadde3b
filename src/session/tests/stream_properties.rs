//! What holds for streams, however their frames, the application's wishes and the socket take turns.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::session::receive_window::{CHUNK_COST, EVENT_COST, STREAM_COST};

#[derive(Debug, Clone)]
enum Action {
    Start(u32),
    Chunk(u32, usize),
    Finish(u32),
    Cancel(u32),
    PeerStart(u32),
    PeerChunk(u32, usize),
    PeerFinish(u32),
    PeerCancel(u32),
    PeerFetch(u32),
    Ack(u32),
    Text,
    Take(usize),
}

fn action() -> impl Strategy<Value = Action> {
    let id = 0u32..3;
    prop_oneof![
        2 => id.clone().prop_map(Action::Start),
        8 => (id.clone(), 0usize..200).prop_map(|(id, length)| Action::Chunk(id, length)),
        1 => id.clone().prop_map(Action::Finish),
        1 => id.clone().prop_map(Action::Cancel),
        2 => id.clone().prop_map(Action::PeerStart),
        6 => (id.clone(), 0usize..50).prop_map(|(id, length)| Action::PeerChunk(id, length)),
        1 => id.clone().prop_map(Action::PeerFinish),
        1 => id.clone().prop_map(Action::PeerCancel),
        1 => id.prop_map(Action::PeerFetch),
        2 => (0u32..20).prop_map(Action::Ack),
        2 => Just(Action::Text),
        6 => (0usize..300).prop_map(Action::Take),
    ]
}

fn play(rig: &mut Rig, action: &Action, seq: u32) {
    match *action {
        Action::Start(id) => rig.call(|session, io| session.start_stream(id, -1, b"", io)),
        Action::Chunk(id, length) => rig.call(|session, io| session.send_chunk(id, seq, &vec![0; length], io)),
        Action::Finish(id) => rig.call(|session, io| session.finish_stream(id, io)),
        Action::Cancel(id) => rig.call(|session, io| session.cancel_stream(id, io)),
        Action::PeerStart(id) => rig.receive(&Frame::TxStart { ack: 0, tx_id: id, byte_length: 0, name: b"name" }),
        Action::PeerChunk(id, length) => {
            let payload = vec![0; length];
            rig.receive(&Frame::TxChunk { tx_id: id, seq, payload: &payload });
        }
        Action::PeerFinish(id) => rig.receive(&Frame::TxFinish { ack: 0, tx_id: id }),
        Action::PeerCancel(id) => rig.receive(&Frame::TxCancel { ack: 0, tx_id: id }),
        Action::PeerFetch(id) => rig.receive(&Frame::TxFetch { ack: 0, tx_id: id, start: 0, end: 1 }),
        Action::Ack(ack) => rig.receive(&Frame::Ack { ack }),
        Action::Text => rig.send("text", 0),
        Action::Take(bytes) => rig.take(bytes),
    }
}

/// What the application has to release of what it was told, in bytes.
fn cost(did: &Did) -> usize {
    match did {
        Did::StreamStarted { name, .. } => name.len() + STREAM_COST,
        Did::StreamChunk { payload, .. } => payload.len() + CHUNK_COST,
        Did::StreamFinished(_) | Did::StreamCancelled(..) | Did::RangeRequested(..) => EVENT_COST,
        _ => 0,
    }
}

proptest! {
    #[test]
    fn streams_keep_their_order_and_their_accounts(high in 1usize..600, actions in vec(action(), 1..150)) {
        let config = Config { high_water_mark: high, low_water_mark: high / 2, max_queue_count: 2, ..Config::default() };
        let mut rig = Rig::greeted(config);
        rig.announce();
        rig.flowing = false;
        for (seq, action) in actions.iter().enumerate() {
            play(&mut rig, action, seq as u32);
        }
        rig.session.await_room(0);
        rig.take(usize::MAX);
        let did = rig.did();
        prop_assert!(did.contains(&Did::Room(0)), "everything has left");

        let held: usize = did.iter().map(cost).sum();
        prop_assert_eq!(rig.session.window.unread(u64::MAX), held);

        let mut last = HashMap::new();
        for happened in &did {
            match happened {
                Did::Frame(Frame::TxStart { tx_id, .. }) => drop(last.insert(*tx_id, None)),
                Did::Frame(Frame::TxChunk { tx_id, seq, .. }) => {
                    let before = last.insert(*tx_id, Some(*seq));
                    prop_assert!(before.is_some(), "a chunk before its TX_START");
                    prop_assert!(before.flatten().is_none_or(|before| before < *seq), "chunks out of order");
                }
                _ => {}
            }
        }
    }
}
