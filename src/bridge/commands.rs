//! Batches of commands out of JavaScript's arrays: [`WORDS`] words each, `[slot, code, a, b, length]`, and `length` bytes of payload.

use std::sync::Arc;

use super::delivery::Delivery;
use super::dirty::Dirty;
use crate::net::direct::Direct;
use crate::protocol::FlowBehaviour;
use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::events::batch::Batch;
use crate::server::events::sink::Sink;
use crate::server::handshake::Answer;
use crate::session::{Farewell, Io, MessageKind, Micros, Session};

/// Words of a command.
pub const WORDS: usize = 5;

numbered! {
    /// What JavaScript asks for. The numbers are known to `lib/bridge/codes.js` too.
    pub enum Command {
        /// Send the payload as UTF8DATA; `a` is the send's token.
        Utf8 = 0,
        /// Send the payload as BINARYDATA; `a` is the send's token.
        Binary = 1,
        /// Send the payload as ERROR; `a` is the send's token.
        Error = 2,
        /// Send a ping.
        Ping = 3,
        /// Acknowledge message `a`: its hooks have run, and `b` received bytes of it are no longer kept.
        Acknowledge = 4,
        /// Leave with BYE; the payload is its reason.
        Bye = 5,
        /// Leave without BYE, with close code `a`; the payload is the close reason.
        Close = 6,
        /// The session's end has been handled, and all that came before it.
        Free = 7,
        /// `a` received bytes are kept beyond their batch.
        Hold = 8,
        /// `a` bytes of those have been handled.
        Release = 9,
        /// The validator's answer to handshake `slot`: `a` is an [`Answer`].
        Answer = 10,
        /// Open our stream `a` of `b` bytes (-1: unknown); the payload is its name.
        TxStart = 11,
        /// Send the payload as chunk `b` of our stream `a`.
        TxChunk = 12,
        /// Complete our stream `a`.
        TxFinish = 13,
        /// Cancel our stream `a`.
        TxCancel = 14,
        /// Our stream `a` is through: forget it.
        TxForget = 15,
        /// Ask for chunks of the peer's stream `b`; `a` is the send's token, the payload start and end (u32, little-endian).
        TxFetch = 16,
        /// Say that we want the peer's streams with flow behaviour `b`; `a` is the send's token.
        TxFlow = 17,
        /// Tell us when no more than `a` bytes of chunks wait for the socket.
        TxRoom = 18,
        /// Tell of the session's heartbeat rounds from now on.
        Stats = 19,
        /// Cancel the peer's stream `a`, before which it had begun `b` others.
        TxRefuse = 20,
    }
}

/// Carries out commands: what they act on, and where their effects go.
pub struct Dispatcher<'a> {
    /// The server.
    pub shared: &'a Shared,
    /// Time of the application's turn: reading the clock for each command would cost as much as a short message.
    pub now: Micros,
    /// The sessions JavaScript knows.
    pub delivery: &'a mut Delivery,
    /// Gets the sessions with output.
    pub dirty: &'a mut Dirty,
    /// Gets the settlements of messages that had to make room for others.
    pub events: &'a mut Batch,
}

impl Dispatcher<'_> {
    /// Carries out commands, in order; how many bytes of payload they had.
    pub fn dispatch(&mut self, words: &[u32], payloads: &[u8]) -> usize {
        let mut offset = 0usize;
        for descriptor in words.chunks_exact(WORDS) {
            let &[slot, code, a, b, length] = descriptor else { break };
            let end = offset.saturating_add(length as usize);
            // A length beyond the array would be a bug of lib/: nothing behind it can be trusted.
            let Some(payload) = payloads.get(offset..end) else { break };
            offset = end;
            let Some(command) = Command::from_number(code) else { break };
            self.carry_out(command, slot, a, b, payload);
        }
        offset
    }

    fn carry_out(&mut self, command: Command, slot: u32, a: u32, b: u32, payload: &[u8]) {
        match command {
            Command::Utf8 => self.send(slot, |session, io| session.send(MessageKind::Utf8, payload, a, io)),
            Command::Binary => self.send(slot, |session, io| session.send(MessageKind::Binary, payload, a, io)),
            Command::Error => self.send(slot, |session, io| session.send(MessageKind::Error, payload, a, io)),
            Command::Ping => self.send(slot, |session, io| session.ping(io)),
            Command::Acknowledge => {
                self.with_link(slot, |shared, link| shared.release(link, b as usize));
                self.send(slot, |session, io| session.acknowledge(a, io));
            }
            Command::Bye => self.say_farewell(slot, Farewell::bye(&String::from_utf8_lossy(payload))),
            Command::Close => self.say_farewell(slot, Farewell::silent(a as u16, &String::from_utf8_lossy(payload))),
            Command::Free => self.free(slot),
            Command::Hold => self.with_link(slot, |shared, link| shared.hold(link, a as usize)),
            Command::Release => self.with_link(slot, |shared, link| shared.release(link, a as usize)),
            Command::Answer => self.shared.answer(slot, Answer::from_number(a).unwrap_or(Answer::Failed)),
            Command::TxStart => self.send(slot, |session, io| session.start_stream(a, b as i32, payload, io)),
            Command::TxChunk => self.send(slot, |session, io| session.send_chunk(a, b, payload, io)),
            Command::TxFinish => self.send(slot, |session, io| session.finish_stream(a, io)),
            Command::TxCancel => self.send(slot, |session, io| session.cancel_stream(a, io)),
            Command::TxRefuse => self.send(slot, |session, io| session.refuse_stream(a, b, io)),
            Command::TxForget => self.send(slot, |session, _| session.close_stream(a)),
            Command::TxFetch => self.send(slot, |session, io| session.request_range(a, b, range(payload), io)),
            Command::TxFlow => self.send(slot, |session, io| {
                session.set_flow(a, FlowBehaviour::from_number(b).unwrap_or(FlowBehaviour::Pull), io)
            }),
            Command::TxRoom => self.send(slot, |session, _| session.await_room(a as usize)),
            Command::Stats => self.with_link(slot, Shared::tell_stats),
        }
    }

    /// For what may give the session output.
    fn send(&mut self, slot: u32, call: impl FnOnce(&mut Session, &mut Io<'_, Direct<'_>, Sink<'_>>)) {
        if let Some(link) = self.delivery.link(slot)
            && self.shared.send(link, self.now, self.events, call)
        {
            self.dirty.push(link);
        }
    }

    /// For what is about the session alone.
    fn with_link(&self, slot: u32, act: impl FnOnce(&Shared, &Arc<Link>)) {
        if let Some(link) = self.delivery.link(slot) {
            act(self.shared, link);
        }
    }

    fn say_farewell(&self, slot: u32, farewell: Farewell) {
        self.with_link(slot, |shared, link| shared.say_farewell(link, farewell));
    }

    fn free(&mut self, slot: u32) {
        if let Some(link) = self.delivery.forget(slot) {
            self.shared.free(&link);
        }
    }
}

/// Start and end out of a payload; nothing at all where `lib/` gave no two numbers.
fn range(payload: &[u8]) -> (u32, u32) {
    let number = |at| payload.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    (number(0), number(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::settings::Settings;

    #[test]
    fn the_payloads_are_counted_not_the_array_they_stand_in() {
        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let (mut delivery, mut dirty, mut events) = (Delivery::default(), Dirty::default(), Batch::default());
        let (delivery, dirty, events) = (&mut delivery, &mut dirty, &mut events);
        let mut dispatcher = Dispatcher { shared: &shared, now: 0, delivery, dirty, events };
        let text = |length| [0, Command::Utf8 as u32, 0, 0, length];
        let payloads = [0; 1000];
        assert_eq!(dispatcher.dispatch(&[], &payloads), 0);
        assert_eq!(dispatcher.dispatch(&[text(100), text(0), text(200)].concat(), &payloads), 300);
        assert_eq!(dispatcher.dispatch(&[text(100), text(901)].concat(), &payloads), 100, "nothing that is not there");
    }
}
