//! Sessions that only answer pings.

use std::time::Instant;

use anyhow::Result;

use super::Scenario;
use crate::client::Flow;
use crate::report::Count;
use crate::wire::{Frame, Writer};

/// The scenario.
#[derive(Debug)]
pub struct Idle;

impl Scenario for Idle {
    fn frame(&mut self, _session: usize, _frame: Frame<'_>, _writer: &mut Writer, _now: Instant) -> Result<Flow> {
        Ok(Flow::Stay)
    }

    fn expects_traffic(&self) -> bool {
        false
    }

    fn reset(&mut self) {}

    fn count(&self) -> Count {
        Count::default()
    }
}
