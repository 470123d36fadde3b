//! Batches of commands out of JavaScript's arrays: [`WORDS`] words each, `[slot, code, a, b, length]`, and `length` bytes of payload.

use super::delivery::Delivery;
use super::dirty::Dirty;
use crate::protocol::FlowBehaviour;
use crate::server::Shared;
use crate::server::events::batch::Batch;
use crate::server::handshake::Verdict;
use crate::session::{Farewell, MessageKind, Micros, Side};

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
        /// The session's end has been handled.
        Free = 7,
        /// `a` received bytes are kept beyond their batch.
        Hold = 8,
        /// `a` bytes of those have been handled.
        Release = 9,
        /// The validator's answer to handshake `slot`: `a` is 0 for no, 1 for yes, 2 for its failure, 3 for a refused origin.
        Answer = 10,
        /// Open our stream `a` of `b` bytes (-1: unknown); the payload is its name.
        TxStart = 11,
        /// Send the payload as chunk `b` of our stream `a`.
        TxChunk = 12,
        /// Complete our stream `a`.
        TxFinish = 13,
        /// Cancel stream `a`; `b` is its [`Side`].
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
            self.one(slot, command, (a, b), payload);
        }
        offset
    }

    fn one(&mut self, slot: u32, command: Command, (a, b): (u32, u32), payload: &[u8]) {
        let Self { shared, now, delivery, events, .. } = self;
        let now = *now;
        match command {
            Command::Answer => {
                let verdict = match a {
                    0 => Verdict::Reject,
                    1 => Verdict::Accept,
                    3 => Verdict::Origin,
                    _ => Verdict::Failed,
                };
                return shared.answer(slot, verdict);
            }
            Command::Free => {
                if delivery.forget(slot) {
                    shared.free(slot);
                }
                return;
            }
            _ => {}
        }
        let Some(link) = delivery.link(slot) else { return };
        let newly_dirty = match command {
            Command::Utf8 => {
                shared.send(link, now, events, |session, io| session.send(MessageKind::Utf8, payload, a, io))
            }
            Command::Binary => {
                shared.send(link, now, events, |session, io| session.send(MessageKind::Binary, payload, a, io))
            }
            Command::Error => {
                shared.send(link, now, events, |session, io| session.send(MessageKind::Error, payload, a, io))
            }
            Command::Ping => shared.send(link, now, events, |session, io| session.ping(io)),
            Command::Acknowledge => {
                shared.release(link, b as usize);
                shared.send(link, now, events, |session, io| session.acknowledge(a, io))
            }
            Command::TxStart => {
                shared.send(link, now, events, |session, io| session.start_stream(a, b as i32, payload, io))
            }
            Command::TxChunk => shared.send(link, now, events, |session, io| session.send_chunk(a, b, payload, io)),
            Command::TxFinish => shared.send(link, now, events, |session, io| session.finish_stream(a, io)),
            Command::TxCancel => shared.send(link, now, events, |session, io| session.cancel_stream(side(b), a, io)),
            Command::TxForget => shared.send(link, now, events, |session, _| session.close_stream(Side::Ours, a)),
            Command::TxFetch => {
                shared.send(link, now, events, |session, io| session.request_range(a, b, range(payload), io))
            }
            Command::TxFlow => shared.send(link, now, events, |session, io| session.set_flow(a, flow(b), io)),
            Command::TxRoom => shared.send(link, now, events, |session, _| session.await_room(a as usize)),
            Command::Bye => return shared.say_farewell(link, Farewell::bye(&String::from_utf8_lossy(payload))),
            Command::Close => {
                return shared.say_farewell(link, Farewell::silent(a as u16, &String::from_utf8_lossy(payload)));
            }
            Command::Stats => return shared.tell_stats(link),
            Command::Hold => return shared.hold(link, a as usize),
            Command::Release => return shared.release(link, a as usize),
            Command::Free | Command::Answer => return,
        };
        if newly_dirty {
            self.dirty.push(link);
        }
    }
}

fn side(b: u32) -> Side {
    if b == Side::Theirs as u32 { Side::Theirs } else { Side::Ours }
}

fn flow(b: u32) -> FlowBehaviour {
    if b == FlowBehaviour::Push as u32 { FlowBehaviour::Push } else { FlowBehaviour::Pull }
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
