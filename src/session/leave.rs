//! The ways a session ends (docs/protocol.md, "Leaving").
//!
//! | method | why | what waits in the outbox | BYE | close code |
//! |---|---|---|---|---|
//! | `close_gracefully` | the application or the server wants it | is sent first | if the [`Farewell`] has one | the farewell's |
//! | `stop_draining` | that takes too long | is discarded | as above | as above |
//! | `close_unresponsive` | a heartbeat was missed | is discarded | yes | 4000 |
//! | `close_on_fault` | the peer broke the protocol of Cryo | is discarded | no | the fault's |
//! | `close_now` | a close, BYE or violation of WebSocket by the peer, or an overflow of the outbox | is discarded | no | the caller's |
//! | `discard` | the connection is gone | is discarded | no | none is sent |

use super::acks::Acks;
use super::{Events, Fault, Io, Session, Wire};
use crate::protocol::{CloseCode, Frame, close};

/// How far a session is on its way out.
#[derive(Debug)]
pub(super) enum Phase {
    /// Not at all.
    Open,
    /// Asked to leave, but the outbox still holds what was sent before.
    Draining(Box<Farewell>),
    /// The WebSocket close frame is on the wire.
    Closed,
}

impl Phase {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// How to say good-bye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// Reason of the BYE frame; no such frame without.
    pub bye: Option<Box<str>>,
    /// WebSocket close code.
    pub code: u16,
    /// WebSocket close reason.
    pub reason: Box<str>,
}

impl Farewell {
    /// BYE with this reason, then 4000 `Closing session.`.
    pub fn bye(reason: &str) -> Self {
        Self { bye: Some(reason.into()), code: CloseCode::NORMAL.get(), reason: close::CLOSING_SESSION.into() }
    }

    /// No BYE, just this close.
    pub fn silent(code: u16, reason: &str) -> Self {
        Self { bye: None, code, reason: reason.into() }
    }
}

impl Session {
    /// Takes no more messages, sends what waits, then says good-bye. Only the first call counts.
    pub fn close_gracefully<W: Wire, E: Events>(&mut self, farewell: Farewell, io: &mut Io<'_, W, E>) {
        if self.phase.is_open() {
            self.phase = Phase::Draining(Box::new(farewell));
            self.finish_draining(io);
        }
    }

    /// For a session that is closing gracefully: the time to take what was sent before is over. It is discarded, the good-bye goes out now.
    pub fn stop_draining<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if self.is_leaving() {
            self.outbox.clear();
            self.greeted = true;
            self.finish_draining(io);
        }
    }

    /// The peer is silent: it is told so, without waiting for what it does not read.
    pub(super) fn close_unresponsive<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        self.close_gracefully(Farewell::bye(close::HEARTBEAT_MISSED), io);
        self.stop_draining(io);
    }

    /// The peer broke the protocol.
    pub fn close_on_fault<W: Wire, E: Events>(&mut self, fault: &Fault, io: &mut Io<'_, W, E>) {
        self.close_now(fault.code.get(), &fault.reason, io);
    }

    /// Closes the WebSocket at once, without a BYE; what waits in the outbox is discarded.
    pub fn close_now<W: Wire, E: Events>(&mut self, code: u16, reason: &str, io: &mut Io<'_, W, E>) {
        if !self.phase.is_closed() {
            self.phase = Phase::Closed;
            self.close_code = Some(code);
            self.outbox.clear();
            io.wire.close(code, reason);
        }
    }

    /// The connection is gone: nothing is sent any more, and nothing more becomes known of what was. Without this, what a session has left
    /// behind would settle sends of the next one in its slot.
    pub fn discard(&mut self) {
        self.phase = Phase::Closed;
        self.outbox.clear();
        self.acks = Acks::default();
        self.streams = None;
    }

    /// Says good-bye once the outbox is empty.
    pub(super) fn finish_draining<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if !self.greeted || !self.outbox.is_empty() || !matches!(self.phase, Phase::Draining(_)) {
            return;
        }
        if let Phase::Draining(farewell) = std::mem::replace(&mut self.phase, Phase::Closed) {
            if let Some(reason) = &farewell.bye {
                let ack = self.acks.number();
                self.transmit(&Frame::Bye { ack, reason: reason.as_bytes() }, io.wire);
            }
            self.close_code = Some(farewell.code);
            io.wire.close(farewell.code, &farewell.reason);
        }
    }
}
