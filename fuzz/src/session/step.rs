//! One step of either side: what the peer sends, what the application asks for, what the socket takes, and time that passes.

use cryo_server::protocol::{FlowBehaviour, Frame};
use cryo_server::session::{Farewell, Hooks, MessageKind, Session, Side};

use super::super::input::Input;
use super::{Rig, SID};

/// Bytes of a ping, which waits for the greeting whatever the caps say.
const PING: usize = 17;

/// Takes the step that `input` says.
pub fn take(rig: &mut Rig, input: &mut Input<'_>) {
    match input.byte() % 24 {
        0..=4 => send(rig, input),
        5..=8 => receive(rig, &frame(input)),
        9 => receive_bytes(rig, input.blob().to_vec()),
        10..=12 => {
            let bytes = input.short();
            rig.drain(bytes);
        }
        13 => rig.now += u64::from(input.byte()) * 50_000,
        14 => rig.call(Session::sweep),
        15 => {
            rig.undroppable += PING;
            let paused = input.flag();
            rig.call(|session, io| session.beat(paused, io));
        }
        16 => stream(rig, input),
        17 => rig.call(Session::greet),
        18 => {
            // A verdict follows a message, which the connection does not feed to a session before it greets.
            rig.call(Session::greet);
            let ack = u32::from(input.byte());
            rig.call(|session, io| session.acknowledge(ack, io));
        }
        19 => {
            rig.undroppable += PING;
            rig.call(Session::ping);
        }
        20 => rig.session.intake.release(input.short()),
        21 => {
            rig.hooks = Hooks(input.byte() % 8);
            rig.application.batch += 1;
        }
        22 => leave(rig, input),
        _ => rig.call(|session, _| session.excuse()),
    }
}

fn send(rig: &mut Rig, input: &mut Input<'_>) {
    let kind = [MessageKind::Utf8, MessageKind::Binary, MessageKind::Error][usize::from(input.byte() % 3)];
    let is_taken = !rig.session.is_closed() && !rig.session.is_leaving();
    rig.token += 1;
    let token = rig.token;
    let payload = [&token.to_be_bytes()[..], &vec![b'x'; usize::from(input.byte())]].concat();
    if is_taken {
        rig.application.sends += 1;
        if kind == MessageKind::Error {
            rig.undroppable += 25 + payload.len();
        }
    }
    rig.call(|session, io| session.send(kind, &payload, token, io));
}

/// Our streams, and what we say about the peer's.
fn stream(rig: &mut Rig, input: &mut Input<'_>) {
    let (choice, number) = (input.byte() % 9, u32::from(input.byte()) % (rig.stream + 2));
    let blob = input.blob();
    // None of these is bound by the caps.
    rig.undroppable += 50 + blob.len();
    match choice {
        0 => {
            rig.stream += 1;
            let tx_id = rig.stream;
            rig.call(|session, io| session.start_stream(tx_id, -1, blob, io));
        }
        1 | 2 => rig.call(|session, io| session.send_chunk(number, 0, blob, io)),
        3 if rig.finished.insert(number) => rig.call(|session, io| session.finish_stream(number, io)),
        3 => {}
        4 => rig.call(|session, io| session.cancel_stream(Side::Ours, number, io)),
        5 => {
            rig.application.incoming.remove(&number);
            rig.call(|session, io| session.cancel_stream(Side::Theirs, number, io));
        }
        6 => {
            rig.token += 1;
            let token = rig.token;
            rig.call(|session, io| session.request_range(token, number, (0, 1), io));
        }
        7 => {
            rig.token += 1;
            let token = rig.token;
            rig.call(|session, io| session.set_flow(token, FlowBehaviour::Pull, io));
        }
        _ => {
            rig.application.awaits_room = true;
            rig.session.await_room(number as usize * 16);
        }
    }
}

fn leave(rig: &mut Rig, input: &mut Input<'_>) {
    match input.byte() % 8 {
        0 => rig.call(|session, io| session.leave(Farewell::bye("bye"), io)),
        1 => rig.call(|session, io| session.leave(Farewell::silent(4000, ""), io)),
        2 => rig.call(|session, io| session.shut(1000, "", io)),
        _ => rig.call(Session::leave_now),
    }
}

/// A frame of the peer's, with small numbers so that they meet ours.
fn frame<'a>(input: &mut Input<'a>) -> Frame<'a> {
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

fn receive(rig: &mut Rig, frame: &Frame<'_>) {
    receive_bytes(rig, [&*frame.head(SID), frame.tail()].concat());
}

/// As the connection does it: the greeting goes first, and whoever breaks the protocol is closed.
fn receive_bytes(rig: &mut Rig, bytes: Vec<u8>) {
    rig.call(Session::greet);
    rig.application.held += bytes.len() + 64;
    rig.application.acknowledging = true;
    let hooks = rig.hooks;
    let received = rig.call(|session, io| session.receive(bytes.into(), hooks, io));
    rig.application.acknowledging = false;
    if let Err(fault) = received {
        rig.call(|session, io| session.fail(&fault, io));
    }
}
