//! The server sends: one session asks for a round, the server sends one message to every session, and when all have
//! come the next round is asked for. `depth` rounds are in progress at a time. Times are those of whole rounds.

use std::time::Instant;

use anyhow::Result;

use super::{Due, Scenario};
use crate::args::Args;
use crate::client::Flow;
use crate::latency::InFlight;
use crate::tally::Tally;
use crate::wire::{Frame, Writer, kind};

/// The session that asks.
const ASKER: usize = 0;

/// The scenario.
#[derive(Debug)]
pub struct Push {
    sessions: u64,
    /// Rounds to ask for now.
    to_ask: u32,
    /// Messages of the round in progress.
    received: u64,
    rounds: InFlight,
    tally: Tally,
}

impl Push {
    /// As the command line wants it.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            sessions: u64::from(args.sessions),
            to_ask: args.depth,
            received: 0,
            rounds: InFlight::new(),
            tally: Tally::new()?,
        })
    }
}

impl Scenario for Push {
    fn frame(&mut self, _session: usize, frame: Frame<'_>, writer: &mut Writer, now: Instant) -> Result<Flow> {
        if !writer.is_raw() && frame.kind != kind::BINARY {
            return Ok(Flow::Stay);
        }
        self.tally.count(frame.rest.len());
        self.received += 1;
        if self.received == self.sessions {
            self.received = 0;
            self.to_ask += 1;
            if let Some(since) = self.rounds.pop_front() {
                self.tally.time(since, now);
            }
        }
        Ok(Flow::Stay)
    }

    fn due(&mut self, _now: Instant) -> Due {
        if self.to_ask > 0 { Due::Now(ASKER) } else { Due::Never }
    }

    fn send(&mut self, _session: usize, writer: &mut Writer, now: Instant) {
        self.to_ask = self.to_ask.saturating_sub(1);
        self.rounds.push_back(now);
        writer.post(kind::BINARY, &[b"another round"]);
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
