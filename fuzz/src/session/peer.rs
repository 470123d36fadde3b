//! What the peer sends, and what is due for it: the answer on the wire, and what the application hears.

use cryo_server::protocol::{self, FlowBehaviour, Frame, FrameType, VERSION};
use cryo_server::session::Session;

use super::super::input::Input;
use super::witness::{Heard, is_hooked};
use super::{Rig, SID};

/// A frame of the peer's, with small numbers so that they meet ours.
pub fn frame<'a>(input: &mut Input<'a>) -> Frame<'a> {
    let (choice, ack, tx_id) = (input.byte(), u32::from(input.byte()), u32::from(input.byte()) % 6);
    match choice % 20 {
        0..=5 => Frame::Ack { ack },
        6 => Frame::Utf8 { ack, payload: input.blob() },
        7 => Frame::Binary { ack, payload: input.blob() },
        8 => Frame::Error { ack, payload: input.blob() },
        9 => Frame::Ping { ack },
        10 => Frame::Pong { ack },
        11 => Frame::EndpointInfo { ack, version: u32::from(input.byte() < 250), features: 1 },
        12 => Frame::TxStart { ack, tx_id, byte_length: input.word() as i32, name: input.blob() },
        13 | 14 => Frame::TxChunk { tx_id, seq: input.word(), payload: input.blob() },
        15 => Frame::TxFinish { ack, tx_id },
        16 => Frame::TxCancel { ack, tx_id },
        17 => Frame::TxFetch { ack, tx_id, start: input.word(), end: input.word() },
        18 => Frame::TxFlow { ack, behaviour: FlowBehaviour::Push },
        _ => Frame::Bye { ack, reason: input.blob() },
    }
}

/// The session gets this frame.
pub fn send(rig: &mut Rig, frame: &Frame<'_>) {
    send_bytes(rig, [&*frame.head(SID), frame.tail()].concat());
}

/// The session gets this message. As the connection does it: the greeting goes first, and whoever breaks the protocol is closed.
pub fn send_bytes(rig: &mut Rig, bytes: Vec<u8>) {
    rig.call(Session::greet);
    let frame = protocol::decode(&bytes).ok().map(|decoded| decoded.frame);
    let frame = frame.filter(|frame| frame.tail().len() <= rig.config.max_payload);
    rig.application.acknowledging = match frame {
        Some(Frame::Ack { ack }) => Some(ack),
        _ => None,
    };
    let taken = frame.filter(|_| !rig.session.is_closed());
    let due = taken.map_or_else(Due::default, |frame| due(rig, &frame));
    let hooks = rig.hooks;
    rig.received += bytes.len() as u64;
    rig.heard = true;
    let received = rig.call(|session, io| session.receive(bytes.into(), hooks, io));
    rig.application.acknowledging = None;
    assert_eq!(std::mem::take(&mut rig.socket.answers), due.answers);
    assert_eq!(std::mem::take(&mut rig.application.heard), due.heard);
    if let Err(fault) = received {
        rig.call(|session, io| session.close_on_fault(&fault, io));
        assert!(rig.session.is_closed());
    }
}

#[derive(Default)]
struct Due {
    answers: Vec<(FrameType, u32)>,
    heard: Vec<Heard>,
}

/// What an open session makes of a legal frame.
fn due(rig: &Rig, frame: &Frame<'_>) -> Due {
    let frame_type = frame.frame_type();
    let transactions = rig.application.transactions == Some(true);
    let hooked = is_hooked(rig.hooks, frame_type);
    let acknowledged = match *frame {
        Frame::EndpointInfo { version, .. } => version == VERSION,
        Frame::Utf8 { .. } | Frame::Binary { .. } | Frame::Error { .. } => !hooked,
        Frame::Bye { .. } => true,
        Frame::Ack { .. } | Frame::Ping { .. } | Frame::Pong { .. } => false,
        _ => transactions,
    };
    let answer = match *frame {
        Frame::Ping { ack } => Some((FrameType::PingPong, ack)),
        _ => frame.ack().filter(|_| acknowledged).map(|ack| (FrameType::Ack, ack)),
    };
    let number = match *frame {
        Frame::Utf8 { ack, .. } | Frame::Binary { ack, .. } | Frame::Error { ack, .. } => Some(ack),
        Frame::TxStart { tx_id, .. } => Some(tx_id).filter(|_| transactions),
        Frame::TxChunk { tx_id, .. } => Some(tx_id).filter(|tx_id| rig.application.incoming.contains_key(tx_id)),
        _ => None,
    };
    let heard = number.map(|number| (frame_type, number, frame.tail().to_vec(), hooked));
    Due { answers: answer.into_iter().collect(), heard: heard.into_iter().collect() }
}
