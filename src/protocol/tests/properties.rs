//! Properties that hold for all bytes and all frames.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{SAMPLES, encode};
use crate::protocol::{Decoded, FlowBehaviour, Frame, FrameType, decode};

/// Values for every field a frame can have.
#[derive(Debug, Clone)]
struct Fields {
    numbers: [u32; 4],
    features: u64,
    byte_length: i32,
    pull: bool,
    tail: Vec<u8>,
}

fn fields() -> impl Strategy<Value = Fields> {
    let scalars = any::<([u32; 4], u64, i32, bool)>();
    (scalars, vec(any::<u8>(), 0..64)).prop_map(|((numbers, features, byte_length, pull), tail)| Fields {
        numbers,
        features,
        byte_length,
        pull,
        tail,
    })
}

/// `kind` with its fields replaced by those in `fields`.
fn fill<'a>(kind: &Frame<'_>, fields: &'a Fields) -> Frame<'a> {
    let [ack, tx_id, start, end] = fields.numbers;
    let tail = &*fields.tail;
    match kind {
        Frame::EndpointInfo { .. } => Frame::EndpointInfo { ack, version: start, features: fields.features },
        Frame::Bye { .. } => Frame::Bye { ack, reason: tail },
        Frame::Ack { .. } => Frame::Ack { ack },
        Frame::Error { .. } => Frame::Error { ack, payload: tail },
        Frame::Ping { .. } => Frame::Ping { ack },
        Frame::Pong { .. } => Frame::Pong { ack },
        Frame::Utf8 { .. } => Frame::Utf8 { ack, payload: tail },
        Frame::Binary { .. } => Frame::Binary { ack, payload: tail },
        Frame::TxStart { .. } => Frame::TxStart { ack, tx_id, byte_length: fields.byte_length, name: tail },
        Frame::TxChunk { .. } => Frame::TxChunk { tx_id, seq: start, payload: tail },
        Frame::TxFinish { .. } => Frame::TxFinish { ack, tx_id },
        Frame::TxFlow { .. } => {
            Frame::TxFlow { ack, behaviour: if fields.pull { FlowBehaviour::Pull } else { FlowBehaviour::Push } }
        }
        Frame::TxFetch { .. } => Frame::TxFetch { ack, tx_id, start, end },
        Frame::TxCancel { .. } => Frame::TxCancel { ack, tx_id },
    }
}

/// Bytes with a known type at its place, so that most of them get past the header.
fn typed_bytes() -> impl Strategy<Value = Vec<u8>> {
    let frame_type = select(&FrameType::ALL[..]);
    (any::<[u8; 8]>(), frame_type, vec(any::<u8>(), 0..32))
        .prop_map(|(sid, frame_type, rest)| [&sid, &[frame_type as u8][..], &rest].concat())
}

/// If `bytes` are accepted, their frame encodes to the same bytes.
fn check_round_trip(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(Decoded { sid, frame }) = decode(bytes) {
        prop_assert_eq!(encode(sid, &frame), bytes);
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_is_accepted_encodes_back(
        arbitrary in vec(any::<u8>(), 0..64),
        typed in typed_bytes(),
    ) {
        check_round_trip(&arbitrary)?;
        check_round_trip(&typed)?;
    }

    #[test]
    fn a_damaged_frame_is_refused_or_encodes_back(
        sid: u64,
        kind in select(&SAMPLES[..]),
        fields in fields(),
        place: Index,
        byte: u8,
    ) {
        let bytes = encode(sid, &fill(&kind, &fields));
        let at = place.index(bytes.len());
        check_round_trip(&bytes[..at])?;

        let mut changed = bytes.clone();
        changed[at] = byte;
        check_round_trip(&changed)?;

        let mut longer = bytes;
        longer.push(byte);
        check_round_trip(&longer)?;
    }

    #[test]
    fn every_frame_decodes_to_itself(
        sid: u64,
        kind in select(&SAMPLES[..]),
        fields in fields(),
    ) {
        let frame = fill(&kind, &fields);
        let bytes = encode(sid, &frame);
        prop_assert_eq!(bytes.len(), frame.frame_type().head_len() + frame.tail().len());
        prop_assert_eq!(decode(&bytes), Ok(Decoded { sid, frame }));
    }
}
