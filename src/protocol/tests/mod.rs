//! Tests of the codec: against the recorded frames, against generated ones, and of each refusal.

mod close;
mod fixtures;
mod frame_type;
mod properties;
mod refusals;

use super::{FlowBehaviour, Frame};

/// One frame of every kind, with tails that are not empty where there is a tail.
const SAMPLES: [Frame<'static>; 14] = [
    Frame::EndpointInfo { ack: 0, version: 1, features: 1 },
    Frame::Bye { ack: 1, reason: b"bye" },
    Frame::Ack { ack: 2 },
    Frame::Error { ack: 3, payload: b"boom" },
    Frame::Ping { ack: 4 },
    Frame::Pong { ack: 5 },
    Frame::Utf8 { ack: 6, payload: b"text" },
    Frame::Binary { ack: 7, payload: &[0, 255] },
    Frame::TxStart { ack: 8, tx_id: 1, byte_length: -1, name: b"file" },
    Frame::TxChunk { tx_id: 1, seq: 2, payload: &[3, 4] },
    Frame::TxFinish { ack: 9, tx_id: 1 },
    Frame::TxFlow { ack: 10, behaviour: FlowBehaviour::Pull },
    Frame::TxFetch { ack: 11, tx_id: 1, start: 0, end: 4 },
    Frame::TxCancel { ack: 12, tx_id: 1 },
];

/// The whole frame as one vector.
fn encode(sid: u64, frame: &Frame<'_>) -> Vec<u8> {
    [&*frame.head(sid), frame.tail()].concat()
}
