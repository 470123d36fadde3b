//! Each way a message can fail to be a frame, and what the refusal says.

use super::{SAMPLES, encode};
use crate::protocol::close::MAX_REASON_LEN;
use crate::protocol::{DecodeError, FrameType, PREFIX_LEN, decode};

/// A message of session 1 with this type byte and this rest.
fn message(type_byte: u8, rest: &[u8]) -> Vec<u8> {
    [&1u64.to_be_bytes(), &[type_byte][..], rest].concat()
}

/// Why `bytes` are refused.
fn refusal(bytes: &[u8]) -> DecodeError {
    decode(bytes).expect_err("the message must be refused")
}

#[test]
fn a_message_without_a_type_is_too_short() {
    for got in 0..PREFIX_LEN {
        let error = refusal(&vec![0; got]);
        let need = PREFIX_LEN;
        assert_eq!(error, DecodeError::TooShort { frame_type: None, need, got });
    }
    assert_eq!(refusal(b"abc").to_string(), "Cryo frame is too short: 3 bytes, at least 9 needed.");
}

#[test]
fn a_message_cut_within_its_head_is_too_short() {
    for frame in SAMPLES {
        let bytes = encode(1, &frame);
        let frame_type = frame.frame_type();
        let need = frame_type.head_len();
        for got in PREFIX_LEN..need {
            let expected = DecodeError::TooShort { frame_type: Some(frame_type), need, got };
            assert_eq!(refusal(&bytes[..got]), expected);
        }
        assert!(decode(&bytes[..need]).is_ok(), "{frame:?} without its tail");
    }
    assert_eq!(refusal(&message(4, &[0; 4])).to_string(), "TX_FETCH frame is too short: 13 bytes, at least 25 needed.");
}

#[test]
fn bytes_after_a_frame_without_tail_are_refused() {
    use FrameType::{Ack, EndpointInfo, PingPong, TxCancel, TxFetch, TxFinish, TxFlow};
    let without_tail = [Ack, EndpointInfo, PingPong, TxCancel, TxFetch, TxFinish, TxFlow];
    for frame in SAMPLES {
        let mut bytes = encode(1, &frame);
        bytes.push(0);
        let frame_type = frame.frame_type();
        if without_tail.contains(&frame_type) {
            let need = frame_type.head_len();
            let got = need + 1;
            let expected = DecodeError::TrailingBytes { frame_type, need, got };
            assert_eq!(refusal(&bytes), expected);
        } else {
            assert!(decode(&bytes).is_ok(), "{frame:?} with a longer tail");
        }
    }
    assert_eq!(refusal(&message(253, &[0; 6])).to_string(), "ACK frame is too long: 15 bytes, exactly 13 needed.");
}

#[test]
fn an_unknown_type_is_named_whatever_follows() {
    for type_byte in (0..=u8::MAX).filter(|&byte| FrameType::from_number(byte.into()).is_none()) {
        for rest in [&[][..], &[0; 40]] {
            let error = refusal(&message(type_byte, rest));
            assert_eq!(error, DecodeError::UnknownType(type_byte));
        }
    }
    assert_eq!(DecodeError::UnknownType(6).to_string(), "Unknown frame type 6.");
}

#[test]
fn a_ping_pong_that_is_neither_is_refused() {
    let error = refusal(&message(251, b"\0\0\0\x01pa\nG"));
    assert_eq!(error, DecodeError::BadPing(*b"pa\nG"));
    assert_eq!(error.to_string(), r"PING_PONG frame says 'pa\nG', neither 'ping' nor 'pong'.");
}

#[test]
fn a_flow_that_is_neither_is_refused() {
    let error = refusal(&message(3, &[0, 0, 0, 1, 2]));
    assert_eq!(error, DecodeError::BadFlow(2));
    assert_eq!(error.to_string(), "TX_FLOW behaviour is 2, neither 0 (push) nor 1 (pull).");
}

#[test]
fn the_longest_texts_fit_a_close_frame() {
    let (need, got) = (usize::MAX, usize::MAX);
    let mut errors =
        vec![DecodeError::UnknownType(u8::MAX), DecodeError::BadPing([0xff; 4]), DecodeError::BadFlow(u8::MAX)];
    for frame_type in FrameType::ALL {
        errors.push(DecodeError::TooShort { frame_type: Some(frame_type), need, got });
        errors.push(DecodeError::TrailingBytes { frame_type, need, got });
    }
    for error in errors {
        assert!(error.to_string().len() <= MAX_REASON_LEN, "{error}");
    }
}
