//! One step: what the peer sends, what the application asks for, what the socket takes, and time that passes.

use cryo_server::protocol::{FlowBehaviour, FrameType};
use cryo_server::session::{Beat, Farewell, Hooks, MessageKind, Session, Step};

use super::super::input::Input;
use super::witness::message_type;
use super::{Rig, peer};

/// Takes the step that `input` says.
pub fn take(rig: &mut Rig, input: &mut Input<'_>) {
    match input.byte() % 24 {
        0..=4 => send(rig, input),
        5..=8 => peer::send(rig, &peer::frame(input)),
        9 => peer::send_bytes(rig, input.blob().to_vec()),
        10..=12 => {
            let bytes = input.short();
            rig.drain(bytes);
        }
        13 => rig.now += u64::from(input.byte()) * 50_000,
        14 => rig.call(Session::sweep),
        15 => beat(rig, input.flag()),
        16 => stream(rig, input),
        17 => rig.call(Session::greet),
        18 => acknowledge(rig, u32::from(input.byte())),
        19 => rig.call(Session::ping),
        20 => keep(rig, input),
        21 => {
            rig.hooks = Hooks(input.byte() % 8);
            rig.application.batch += 1;
            rig.application.in_batch = 0;
        }
        22 => leave(rig, input),
        _ => {
            rig.heard = true;
            rig.call(|session, _| session.hear());
        }
    }
}

fn send(rig: &mut Rig, input: &mut Input<'_>) {
    let kind = [MessageKind::Utf8, MessageKind::Binary, MessageKind::Error][usize::from(input.byte() % 3)];
    // Of few letters, so that some are the same.
    let payload = vec![b'a' + input.byte() % 3; usize::from(input.byte())];
    let token = rig.token();
    rig.ask(message_type(kind), token, &payload);
    rig.call(|session, io| session.send(kind, &payload, token, io));
}

/// A verdict follows a message, which the connection does not feed to a session before it greets.
fn acknowledge(rig: &mut Rig, ack: u32) {
    rig.call(Session::greet);
    let due: &[_] = if rig.session.is_closed() { &[] } else { &[(FrameType::Ack, ack)] };
    rig.call(|session, io| session.acknowledge(ack, io));
    assert_eq!(std::mem::take(&mut rig.socket.answers), due);
}

/// The application keeps received bytes beyond their batch, or has handled them.
fn keep(rig: &mut Rig, input: &mut Input<'_>) {
    let (release, bytes) = (input.flag(), input.short());
    if release {
        rig.application.held = rig.application.held.saturating_sub(bytes);
        rig.session.window.release(bytes);
    } else {
        rig.application.held += bytes;
        rig.session.window.hold(bytes);
    }
}

fn beat(rig: &mut Rig, paused: bool) {
    let heard = std::mem::take(&mut rig.heard) || paused;
    if rig.call(|session, io| session.beat(paused, io)) == Beat::Dead {
        assert!(!heard, "a peer that was heard counts as dead");
        assert!(rig.session.is_closed());
    }
}

fn stream(rig: &mut Rig, input: &mut Input<'_>) {
    let (choice, number) = (input.byte() % 10, u32::from(input.byte()) % (rig.stream + 2));
    let blob = input.blob();
    match choice {
        5..=7 => peers_stream(rig, choice, number),
        _ => our_stream(rig, choice, number, blob),
    }
}

fn our_stream(rig: &mut Rig, choice: u8, number: u32, blob: &[u8]) {
    let is_open = rig.application.outgoing.contains(&number);
    match choice {
        0 => {
            rig.stream += 1;
            let tx_id = rig.stream;
            if rig.ask(FrameType::TxStart, 0, blob) {
                rig.application.outgoing.insert(tx_id);
                rig.application.unsettled_steps.insert((tx_id, Step::Start as u8));
            }
            rig.call(|session, io| session.start_stream(tx_id, -1, blob, io));
        }
        1 | 2 => {
            if is_open {
                rig.ask(FrameType::TxChunk, 0, blob);
            }
            rig.call(|session, io| session.send_chunk(number, 0, blob, io));
        }
        // The application finishes a stream once.
        3 if rig.finished.insert(number) => {
            if is_open && rig.ask(FrameType::TxFinish, 0, &[]) {
                rig.application.unsettled_steps.insert((number, Step::Finish as u8));
            }
            rig.call(|session, io| session.finish_stream(number, io));
        }
        3 => {}
        4 => {
            if is_open {
                rig.ask(FrameType::TxCancel, 0, &[]);
            }
            rig.application.forget_stream(number);
            rig.call(|session, io| session.cancel_stream(number, io));
        }
        8 => {
            rig.application.forget_stream(number);
            rig.call(|session, _| session.close_stream(number));
        }
        _ => {
            let left = number as usize * 16;
            rig.application.awaited_room = Some(left);
            rig.session.await_room(left);
        }
    }
}

/// What we say about a stream of the peer's, or how we want all of them.
fn peers_stream(rig: &mut Rig, choice: u8, number: u32) {
    match choice {
        5 => {
            let open = rig.application.incoming.remove(&number);
            if open.is_some() {
                rig.ask(FrameType::TxCancel, 0, &[]);
            }
            // Of one that is through, or never was, nothing is said.
            let before = open.unwrap_or(rig.application.begun.wrapping_sub(1));
            rig.call(|session, io| session.refuse_stream(number, before, io));
        }
        6 => {
            let token = rig.token();
            rig.ask(FrameType::TxFetch, token, &[]);
            rig.call(|session, io| session.request_range(token, number, (0, 1), io));
        }
        _ => {
            let token = rig.token();
            rig.ask(FrameType::TxFlow, token, &[]);
            rig.call(|session, io| session.set_flow(token, FlowBehaviour::Pull, io));
        }
    }
}

fn leave(rig: &mut Rig, input: &mut Input<'_>) {
    match input.byte() % 8 {
        0 => rig.call(|session, io| session.close_gracefully(Farewell::bye("bye"), io)),
        1 => rig.call(|session, io| session.close_gracefully(Farewell::silent(4000, ""), io)),
        2 => rig.call(|session, io| session.close_now(1000, "", io)),
        _ => rig.call(Session::stop_draining),
    }
}
