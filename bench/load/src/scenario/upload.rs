//! One endless transaction from each session to the server. Chunks leave once the server has acknowledged its start.

use std::time::Instant;

use anyhow::Result;

use super::Scenario;
use crate::args::Args;
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer, kind};

/// The only transaction of a session.
const TXID: u32 = 1;
/// Its name, which the server waits for.
const NAME: &[u8] = b"upload";
/// The size of a transaction that is not known beforehand.
const UNKNOWN: i32 = -1;

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The ACK of this number starts the chunks.
    Starting(u32),
    /// The next chunk has this number.
    Streaming(u32),
}

/// The scenario.
#[derive(Debug)]
pub struct Upload {
    sessions: Vec<Option<Phase>>,
    chunk: Vec<u8>,
    tally: Tally,
}

impl Upload {
    /// As the command line wants it.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            sessions: vec![None; args.sessions as usize],
            chunk: vec![b'.'; args.size as usize],
            tally: Tally::new()?,
        })
    }
}

impl Scenario for Upload {
    fn opened(&mut self, session: usize, writer: &mut Writer) {
        let start = writer.post(kind::TX_START, &[&TXID.to_be_bytes(), &UNKNOWN.to_be_bytes(), NAME]);
        if let Some(phase) = self.sessions.get_mut(session) {
            *phase = Some(Phase::Starting(start));
        }
    }

    fn frame(&mut self, session: usize, frame: Frame<'_>, _writer: &mut Writer, _now: Instant) -> Result<Flow> {
        if let Some(Some(phase)) = self.sessions.get_mut(session)
            && let Phase::Starting(start) = *phase
            && (frame.kind, frame.ack) == (kind::ACK, start)
        {
            *phase = Phase::Streaming(0);
        }
        Ok(Flow::Stay)
    }

    fn refill(&mut self, session: usize, writer: &mut Writer) -> bool {
        let Some(Some(Phase::Streaming(seq))) = self.sessions.get_mut(session) else { return false };
        writer.chunk(TXID, *seq, &self.chunk);
        *seq = seq.wrapping_add(1);
        self.tally.count(self.chunk.len());
        true
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
