//! Sessions that only answer pings.

use std::time::Instant;

use anyhow::Result;

use super::Scenario;
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer};

/// The scenario.
#[derive(Debug)]
pub struct Idle {
    /// Nothing ever.
    tally: Tally,
}

impl Idle {
    /// With nothing counted.
    pub fn new() -> Result<Self> {
        Ok(Self { tally: Tally::new()? })
    }
}

impl Scenario for Idle {
    fn frame(&mut self, _session: usize, _frame: Frame<'_>, _writer: &mut Writer, _now: Instant) -> Result<Flow> {
        Ok(Flow::Stay)
    }

    fn expects_traffic(&self) -> bool {
        false
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
