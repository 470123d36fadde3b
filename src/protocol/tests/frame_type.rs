//! The tables of [`FrameType`], and what [`Frame`](crate::protocol::Frame) says about itself.

use super::SAMPLES;
use crate::protocol::{FrameType, MAX_HEAD_LEN, PREFIX_LEN};

#[test]
fn a_type_is_found_by_its_number_and_others_are_not() {
    let known: Vec<_> = (0..=u32::from(u8::MAX) + 1).filter_map(FrameType::from_number).collect();
    assert_eq!(known.len(), FrameType::ALL.len());
    for frame_type in FrameType::ALL {
        assert_eq!(FrameType::from_number(frame_type as u32), Some(frame_type));
    }
}

#[test]
fn only_chunk_has_no_ack_number() {
    let numbers: Vec<_> =
        SAMPLES.iter().filter(|frame| frame.frame_type() != FrameType::TxChunk).map(|frame| frame.ack()).collect();
    assert_eq!(numbers, (0..=12).map(Some).collect::<Vec<_>>());
    assert!(SAMPLES.iter().any(|frame| frame.ack().is_none()));
}

#[test]
fn limits_hold_the_longest_head_and_no_more() {
    let longest = FrameType::ALL.map(FrameType::head_len).into_iter().max();
    assert_eq!(longest, Some(MAX_HEAD_LEN));
    assert!(FrameType::ALL.iter().all(|frame_type| frame_type.head_len() > PREFIX_LEN));
}

#[test]
fn a_head_is_as_long_as_its_type_says() {
    for frame in SAMPLES {
        assert_eq!(frame.head(7).len(), frame.frame_type().head_len(), "{frame:?}");
    }
}
