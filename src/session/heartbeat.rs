//! Rounds of pings: which peer is alive, which is silent, which of our frames it has not acknowledged in time.

use super::settle::settle;
use super::{Events, Io, Outcome, Session, Stats, Wire};
use crate::protocol::Frame;

/// What a heartbeat round found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Beat {
    /// Alive: figures for the application; a new ping is on its way.
    Alive(Stats),
    /// Nothing was heard since the last ping: it was told so and is being closed.
    Dead,
    /// On its way out already.
    Leaving,
}

impl Session {
    /// Sends a ping.
    pub fn ping<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if !self.phase.is_open() {
            return;
        }
        let frame = Frame::Ping { ack: self.acks.number() };
        if self.greeted {
            self.transmit(&frame, io.wire);
        } else {
            self.enqueue(&frame, None, io);
        }
    }

    /// A heartbeat round. `reading_paused` says that the socket was not read because of the application, which must not look like the peer's death.
    pub fn beat<W: Wire, E: Events>(&mut self, reading_paused: bool, io: &mut Io<'_, W, E>) -> Beat {
        if !self.phase.is_open() {
            return Beat::Leaving;
        }
        // What the socket takes of a backlog, its peer has read.
        let taken = io.wire.taken();
        let reads = self.taken.is_some_and(|before| taken > before);
        if self.pinged && !self.heard && !reads && !reading_paused {
            self.close_unresponsive(io);
            return Beat::Dead;
        }
        self.sweep(io);
        let stats = Stats {
            rtt_ms: self.acks.rtt_ms().unwrap_or(-1.0),
            rx: self.rx,
            tx: self.tx,
            ack_timeouts: self.acks.take_timeouts(),
        };
        // A pause that ends just before the next round leaves the peer no time to be heard.
        self.heard = reading_paused;
        self.taken = (io.wire.pending() > 0).then_some(taken);
        self.pinged = true;
        self.ping(io);
        Beat::Alive(stats)
    }

    /// The socket is read again: what the peer has sent during the pause is still to come.
    pub fn excuse(&mut self) {
        self.heard = true;
    }

    /// Looks for frames whose ACK is overdue.
    pub fn sweep<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        let streams = self.streams.as_deref();
        let timeouts = self.acks.sweep(io.now, self.config.keep_late, |waiter| {
            settle(waiter, Outcome::TimedOut, streams, io.events);
        });
        self.config.meter.ack_timeouts.add(timeouts.into());
    }
}
