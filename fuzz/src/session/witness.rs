//! A socket and an application that believe nothing: each asserts what may ever reach it.

use std::collections::HashSet;

use cryo_server::protocol::{self, Frame};
use cryo_server::session::{Event, Events, Outcome, Side, Wire};

use super::SID;

/// Takes bytes when it is told to.
#[derive(Default)]
pub struct Socket {
    pub pending: usize,
    pub written: u64,
    pub closed: bool,
    /// How many messages came, and their running numbers.
    pub messages: u64,
    pub serials: HashSet<u32>,
    taken: u64,
    greeted: bool,
    bye: bool,
    last: Option<u32>,
}

impl Socket {
    /// Takes up to `bytes` of what is pending; how many.
    pub fn take(&mut self, bytes: usize) -> usize {
        let taken = bytes.min(self.pending);
        self.pending -= taken;
        self.taken += taken as u64;
        taken
    }

    fn message(&mut self, payload: &[u8]) {
        let serial = payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).expect("a message of ours");
        assert!(self.last.is_none_or(|last| last < serial), "{serial} came after {:?}", self.last);
        self.last = Some(serial);
        self.messages += 1;
        self.serials.insert(serial);
    }
}

impl Wire for Socket {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        assert!(!self.closed, "a frame after the close");
        let bytes = [head, tail].concat();
        let decoded = protocol::decode(&bytes).expect("only legal frames leave");
        assert_eq!(decoded.sid, SID);
        match decoded.frame {
            Frame::EndpointInfo { ack, .. } => {
                assert!(!std::mem::replace(&mut self.greeted, true), "greeted twice");
                assert_eq!((ack, self.written), (0, 0), "the greeting comes first");
            }
            Frame::Bye { .. } => assert!(!std::mem::replace(&mut self.bye, true), "two BYEs"),
            Frame::Utf8 { payload, .. } | Frame::Binary { payload, .. } | Frame::Error { payload, .. } => {
                self.message(payload);
            }
            _ => {}
        }
        self.pending += bytes.len();
        self.written += bytes.len() as u64;
    }

    fn close(&mut self, _code: u16, _reason: &str) {
        assert!(!std::mem::replace(&mut self.closed, true), "closed twice");
    }

    fn pending(&self) -> usize {
        self.pending
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

/// Remembers what was promised to it.
#[derive(Default)]
pub struct Application {
    pub batch: u64,
    /// Messages it has sent.
    pub sends: u32,
    /// Those that were dropped, by token.
    pub dropped: Vec<u32>,
    /// Bytes it was given to hold, at most.
    pub held: usize,
    /// The peer's ACK is being taken: only then may a send end with one.
    pub acknowledging: bool,
    pub awaits_room: bool,
    /// The peer's streams that are open.
    pub incoming: HashSet<u32>,
    connected: bool,
    settled: HashSet<u32>,
    steps: HashSet<(u32, u8)>,
}

impl Application {
    fn settle(&mut self, token: u32, outcome: Outcome) {
        assert!(token != 0 && self.settled.insert(token), "{token} settled twice");
        self.judge(outcome);
        if outcome == Outcome::Dropped {
            self.dropped.push(token);
        }
    }

    fn judge(&self, outcome: Outcome) {
        assert_eq!(outcome == Outcome::Acknowledged, self.acknowledging, "{outcome:?} without its cause");
    }
}

impl Events for Application {
    fn batch(&self) -> u64 {
        self.batch
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Connected { .. } => assert!(!std::mem::replace(&mut self.connected, true), "connected twice"),
            Event::Settled { token, outcome } => self.settle(token, outcome),
            Event::StreamStarted { tx_id, .. } => drop(self.incoming.insert(tx_id)),
            Event::StreamChunk { tx_id, .. } => assert!(self.incoming.contains(&tx_id), "a chunk of no stream"),
            Event::StreamFinished { tx_id } => assert!(self.incoming.remove(&tx_id), "the end of no stream"),
            Event::StreamCancelled { side: Side::Theirs, tx_id } => {
                assert!(self.incoming.remove(&tx_id), "the end of no stream");
            }
            Event::StreamSettled { tx_id, step, outcome } => {
                assert!(self.steps.insert((tx_id, step as u8)), "{step:?} of {tx_id} settled twice");
                self.judge(outcome);
            }
            Event::Room { .. } => assert!(std::mem::take(&mut self.awaits_room), "room nobody waits for"),
            Event::Message { .. } | Event::RangeRequested { .. } | Event::FlowChanged(_) => {}
            Event::StreamCancelled { side: Side::Ours, .. } => {}
        }
    }
}
