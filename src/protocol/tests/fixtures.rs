//! Every frame recorded from the original decodes to its fields and encodes back.

use serde_json::Value;

use super::encode;
use crate::protocol::{Decoded, FlowBehaviour, Frame, decode};

const FRAMES: &str = include_str!("../../../__test__/fixtures/frames.json");

/// The bytes that `hex` spells.
pub(super) fn from_hex(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a hex digit") as u8;
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    assert!(rest.is_empty(), "an odd number of hex digits");
    pairs.iter().map(|&[high, low]| digit(high) << 4 | digit(low)).collect()
}

/// The number in field `key`: a JSON number, or a string where JSON numbers are not exact.
fn number<T: TryFrom<i128>>(fields: &Value, key: &str) -> T {
    let value = &fields[key];
    let number = match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64().map(i128::from),
    };
    number.and_then(|number| T::try_from(number).ok()).unwrap_or_else(|| panic!("field {key} is {value}"))
}

/// The bytes of the frame's tail, which the fixture gives as text or in hex.
fn tail(fields: &Value) -> Vec<u8> {
    if let Some(hex) = fields["payloadHex"].as_str() {
        return from_hex(hex);
    }
    ["payload", "reason", "name"].iter().find_map(|key| fields[key].as_str()).unwrap_or_default().into()
}

/// The frame that a fixture's name and fields describe.
fn described<'a>(name: &str, fields: &Value, tail: &'a [u8]) -> Frame<'a> {
    let u32 = |key| number::<u32>(fields, key);
    let ack = if name == "TX_CHUNK" { 0 } else { u32("ack") };
    match name {
        "ENDPOINT_INFO" => Frame::EndpointInfo { ack, version: u32("version"), features: number(fields, "features") },
        "BYE" => Frame::Bye { ack, reason: tail },
        "ACK" => Frame::Ack { ack },
        "ERROR" => Frame::Error { ack, payload: tail },
        "PING_PONG" if tail == b"ping" => Frame::Ping { ack },
        "PING_PONG" if tail == b"pong" => Frame::Pong { ack },
        "UTF8DATA" => Frame::Utf8 { ack, payload: tail },
        "BINARYDATA" => Frame::Binary { ack, payload: tail },
        "TX_START" => Frame::TxStart { ack, tx_id: u32("txId"), byte_length: number(fields, "byteLength"), name: tail },
        "TX_CHUNK" => Frame::TxChunk { tx_id: u32("txId"), seq: u32("seq"), payload: tail },
        "TX_FINISH" => Frame::TxFinish { ack, tx_id: u32("txId") },
        "TX_FLOW" => Frame::TxFlow {
            ack,
            behaviour: match u32("behaviour") {
                0 => FlowBehaviour::Push,
                1 => FlowBehaviour::Pull,
                other => panic!("behaviour {other}"),
            },
        },
        "TX_FETCH" => Frame::TxFetch { ack, tx_id: u32("txId"), start: u32("start"), end: u32("end") },
        "TX_CANCEL" => Frame::TxCancel { ack, tx_id: u32("txId") },
        other => panic!("a fixture of an unknown kind: {other}"),
    }
}

#[test]
fn every_recorded_frame_decodes_to_its_fields_and_encodes_back() {
    let fixtures: Vec<Value> = serde_json::from_str(FRAMES).unwrap();
    assert_eq!(fixtures.len(), 38);
    for fixture in fixtures {
        let name = fixture["name"].as_str().unwrap();
        let fields = &fixture["fields"];
        let tail = tail(fields);
        let expected = Decoded { sid: number(fields, "sid"), frame: described(name, fields, &tail) };
        let bytes = from_hex(fixture["hex"].as_str().unwrap());

        assert_eq!(decode(&bytes), Ok(expected), "{fixture}");
        assert_eq!(encode(expected.sid, &expected.frame), bytes, "{fixture}");
        assert_eq!(expected.frame.frame_type().name(), name);
    }
}
