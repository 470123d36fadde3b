//! One endless transaction from the server to each session.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::Scenario;
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer, kind};

/// The message that asks the server for its stream.
const REQUEST: &[u8] = b"download";
/// Bytes of a chunk's sequence number, which stands before its payload.
const SEQ: usize = 4;

/// The scenario.
#[derive(Debug)]
pub struct Download {
    tally: Tally,
}

impl Download {
    /// With nothing counted.
    pub fn new() -> Result<Self> {
        Ok(Self { tally: Tally::new()? })
    }
}

impl Scenario for Download {
    fn opened(&mut self, _session: usize, writer: &mut Writer) {
        writer.post(kind::UTF8, &[REQUEST]);
    }

    fn frame(&mut self, _session: usize, frame: Frame<'_>, _writer: &mut Writer, _now: Instant) -> Result<Flow> {
        ensure!(frame.kind != kind::ERROR, "the server can't stream: {:?}", String::from_utf8_lossy(frame.rest));
        if frame.kind == kind::TX_CHUNK {
            self.tally.count(frame.rest.len().saturating_sub(SEQ));
        }
        Ok(Flow::Stay)
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
