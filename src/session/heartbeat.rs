//! Rounds of pings: which peer is alive, which is silent, which of our frames it has not acknowledged in time.

use super::settle::settle;
use super::{Events, Io, Micros, Outcome, Session, Stats, Wire};
use crate::protocol::Frame;

/// Bytes a second that a peer is taken to read at least. What the system's buffers hold before a ping, some MiB, is read first.
const SLOWEST_READER: u64 = 32 * 1024;

/// Bytes before a ping that don't delay its answer.
const READ_AT_ONCE: u64 = 64 * 1024;

/// Rounds without a sign of life that a peer may have, at most, besides the one that everybody has.
const MOST_PATIENCE: u64 = 8;

/// What a session knows of its peer's being alive.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Something arrived since the last round, or could not because the socket was not read.
    heard: bool,
    /// The number of the last round's ping.
    ping: Option<u32>,
    /// It has been answered.
    answered: bool,
    /// The socket had more to take at the last round.
    behind: bool,
    /// Rounds in a row without a sign of life.
    silent: u64,
    /// Bytes of output the socket had taken at the last round.
    taken: u64,
    /// The same at the last round whose ping was answered: what the peer may not have read yet stands behind this.
    read: u64,
    /// When the last round was.
    last: Micros,
}

impl Pulse {
    /// Begins a round. False where the peer is dead.
    fn is_alive(&mut self, taken: u64, now: Micros, reading_paused: bool) -> bool {
        // What the socket takes of a backlog, its peer has read.
        let reads = self.behind && taken > self.taken;
        if self.answered {
            self.read = self.taken;
        }
        if self.heard || reads || reading_paused || self.ping.is_none() {
            self.silent = 0;
        } else if self.silent >= self.patience(taken, now) {
            return false;
        } else {
            self.silent += 1;
        }
        true
    }

    /// Silent rounds that a peer may have because it has to read what stands before the ping.
    fn patience(&self, taken: u64, now: Micros) -> u64 {
        let unread = taken.saturating_sub(self.read);
        if unread <= READ_AT_ONCE {
            return 0;
        }
        let round = now.saturating_sub(self.last).max(1);
        let reading = unread.saturating_mul(1_000_000) / SLOWEST_READER;
        (reading / round).min(MOST_PATIENCE)
    }
}

/// What a heartbeat round found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Beat {
    /// Alive: figures for the application; a new ping is on its way, if ENDPOINT_INFO has left.
    Alive(Stats),
    /// Nothing was heard since a ping that it should have answered by now: it was told so and is being closed.
    Dead,
    /// On its way out already.
    Leaving,
}

impl Session {
    /// Sends a ping, unless so much waits for the socket already that the peer reads too slowly to answer.
    pub fn ping<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if self.phase.is_open() && !self.is_throttled() {
            let number = self.acks.number();
            self.send_ping(number, io);
        }
    }

    fn send_ping<W: Wire, E: Events>(&mut self, number: u32, io: &mut Io<'_, W, E>) {
        let frame = Frame::Ping { ack: number };
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
        let taken = io.wire.taken();
        if !self.pulse.is_alive(taken, io.now, reading_paused) {
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
        self.pulse.heard = reading_paused;
        self.pulse.behind = io.wire.pending() > 0;
        (self.pulse.taken, self.pulse.last) = (taken, io.now);
        // Before ENDPOINT_INFO a ping would wait, and a short round would take that for the peer's silence.
        if self.greeted {
            let number = self.acks.number();
            (self.pulse.ping, self.pulse.answered) = (Some(number), false);
            self.send_ping(number, io);
        }
        Beat::Alive(stats)
    }

    /// The peer has answered a ping, and so has read what stood before it.
    pub(super) fn answered(&mut self, number: u32) {
        self.pulse.answered |= self.pulse.ping == Some(number);
    }

    /// The peer has sent something, a complete message or not; or the socket is read again, and what it has sent during the pause is still
    /// to come.
    #[inline]
    pub fn hear(&mut self) {
        self.pulse.heard = true;
    }

    /// Looks for frames whose ACK is overdue.
    pub fn sweep<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        let streams = self.streams.as_deref();
        let streaming = streams.is_some_and(|streams| streams.outgoing.len() > 1);
        let timeouts = self.acks.sweep(io.now, self.config.keep_late, streaming, |waiter| {
            settle(waiter, Outcome::TimedOut, streams, io.events);
        });
        self.config.meter.ack_timeouts.add(timeouts.into());
    }
}
