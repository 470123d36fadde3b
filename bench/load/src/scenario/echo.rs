//! Closed loop: each session keeps `depth` messages in flight.

use std::time::Instant;

use anyhow::{Context, Result};

use super::Scenario;
use super::message::Messages;
use crate::args::Args;
use crate::client::Flow;
use crate::latency::InFlight;
use crate::tally::Tally;
use crate::wire::{Frame, Writer};

/// Echoes of one session.
#[derive(Debug, Default)]
pub struct Echoes {
    sent: u64,
    echoed: u64,
    in_flight: InFlight,
}

impl Echoes {
    /// Sends the next message; its time counts from `since`.
    pub fn send(&mut self, messages: &mut Messages, writer: &mut Writer, since: Instant) {
        messages.send(self.sent, writer);
        self.sent += 1;
        self.in_flight.push_back(since);
    }

    /// Takes an echo. Returns when its message left.
    pub fn take(&mut self, messages: &Messages, frame: &Frame<'_>) -> Result<Instant> {
        let since = self.in_flight.pop_front().context("an echo of nothing that was sent")?;
        messages.check(self.echoed, frame)?;
        self.echoed += 1;
        Ok(since)
    }
}

/// The scenario.
#[derive(Debug)]
pub struct Echo {
    depth: u32,
    messages: Messages,
    sessions: Vec<Echoes>,
    tally: Tally,
}

impl Echo {
    /// As the command line wants it.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            depth: args.depth,
            messages: Messages::new(args),
            sessions: (0..args.sessions).map(|_| Echoes::default()).collect(),
            tally: Tally::new()?,
        })
    }
}

impl Scenario for Echo {
    fn begin(&mut self, session: usize, writer: &mut Writer, now: Instant) {
        for _ in 0..self.depth {
            if let Some(echoes) = self.sessions.get_mut(session) {
                echoes.send(&mut self.messages, writer, now);
            }
        }
    }

    fn frame(&mut self, session: usize, frame: Frame<'_>, writer: &mut Writer, now: Instant) -> Result<Flow> {
        if let Some(echoes) = self.sessions.get_mut(session)
            && self.messages.is_message(&frame, writer)
        {
            let since = echoes.take(&self.messages, &frame)?;
            self.tally.time(since, now);
            self.tally.count(frame.rest.len());
            echoes.send(&mut self.messages, writer, now);
        }
        Ok(Flow::Stay)
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
