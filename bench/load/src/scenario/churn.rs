//! Connect, send one message, leave when its echo has come; then the next connection takes the place.

use std::time::Instant;

use anyhow::Result;

use super::Scenario;
use super::message::Messages;
use crate::args::Args;
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer};

/// The scenario.
#[derive(Debug)]
pub struct Churn {
    messages: Messages,
    tally: Tally,
}

impl Churn {
    /// As the command line wants it.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self { messages: Messages::new(args), tally: Tally::new()? })
    }
}

impl Scenario for Churn {
    fn opened(&mut self, _session: usize, writer: &mut Writer) {
        self.messages.send(0, writer);
    }

    fn frame(&mut self, _session: usize, frame: Frame<'_>, writer: &mut Writer, _now: Instant) -> Result<Flow> {
        if !self.messages.is_message(&frame, writer) {
            return Ok(Flow::Stay);
        }
        self.messages.check(0, &frame)?;
        self.tally.count(frame.rest.len());
        Ok(Flow::Leave)
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
