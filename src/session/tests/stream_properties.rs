//! What holds for streams, however their frames, the application's wishes and the socket take turns.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::session::intake::{EVENT_COST, STREAM_COST};

#[derive(Debug, Clone)]
enum Turn {
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

fn turn() -> impl Strategy<Value = Turn> {
    let id = 0u32..3;
    prop_oneof![
        2 => id.clone().prop_map(Turn::Start),
        8 => (id.clone(), 0usize..200).prop_map(|(id, length)| Turn::Chunk(id, length)),
        1 => id.clone().prop_map(Turn::Finish),
        1 => id.clone().prop_map(Turn::Cancel),
        2 => id.clone().prop_map(Turn::PeerStart),
        6 => (id.clone(), 0usize..50).prop_map(|(id, length)| Turn::PeerChunk(id, length)),
        1 => id.clone().prop_map(Turn::PeerFinish),
        1 => id.clone().prop_map(Turn::PeerCancel),
        1 => id.prop_map(Turn::PeerFetch),
        2 => (0u32..20).prop_map(Turn::Ack),
        2 => Just(Turn::Text),
        6 => (0usize..300).prop_map(Turn::Take),
    ]
}

fn play(rig: &mut Rig, turn: &Turn, seq: u32) {
    match *turn {
        Turn::Start(id) => rig.call(|session, io| session.start_stream(id, -1, b"", io)),
        Turn::Chunk(id, length) => rig.call(|session, io| session.send_chunk(id, seq, &vec![0; length], io)),
        Turn::Finish(id) => rig.call(|session, io| session.finish_stream(id, io)),
        Turn::Cancel(id) => rig.call(|session, io| session.cancel_stream(Side::Ours, id, io)),
        Turn::PeerStart(id) => rig.receive(&Frame::TxStart { ack: 0, tx_id: id, byte_length: 0, name: b"name" }),
        Turn::PeerChunk(id, length) => {
            let payload = vec![0; length];
            rig.receive(&Frame::TxChunk { tx_id: id, seq, payload: &payload });
        }
        Turn::PeerFinish(id) => rig.receive(&Frame::TxFinish { ack: 0, tx_id: id }),
        Turn::PeerCancel(id) => rig.receive(&Frame::TxCancel { ack: 0, tx_id: id }),
        Turn::PeerFetch(id) => rig.receive(&Frame::TxFetch { ack: 0, tx_id: id, start: 0, end: 1 }),
        Turn::Ack(ack) => rig.receive(&Frame::Ack { ack }),
        Turn::Text => rig.send("text", 0),
        Turn::Take(bytes) => rig.take(bytes),
    }
}

/// What the application has to release of what it was told, in bytes.
fn cost(did: &Did) -> usize {
    match did {
        Did::StreamStarted { name, .. } => name.len() + STREAM_COST,
        Did::StreamChunk { payload, .. } => payload.len() + EVENT_COST,
        Did::StreamFinished(_) | Did::StreamCancelled(..) | Did::RangeRequested(..) => EVENT_COST,
        _ => 0,
    }
}

proptest! {
    #[test]
    fn streams_keep_their_order_and_their_accounts(high in 1usize..600, turns in vec(turn(), 1..150)) {
        let config = Config { high_water_mark: high, low_water_mark: high / 2, max_queue_count: 2, ..Config::default() };
        let mut rig = Rig::greeted(config);
        rig.announce();
        rig.flowing = false;
        for (seq, turn) in turns.iter().enumerate() {
            play(&mut rig, turn, seq as u32);
        }
        rig.session.await_room(0);
        rig.take(usize::MAX);
        let did = rig.did();
        prop_assert!(did.contains(&Did::Room(0)), "everything has left");

        let held: usize = did.iter().map(cost).sum();
        prop_assert_eq!(rig.session.intake.unread(u64::MAX), held);

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
