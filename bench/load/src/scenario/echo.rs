//! Closed loop: each session keeps `depth` messages in flight.

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Scenario;
use super::message::Messages;
use crate::args::Args;
use crate::client::Flow;
use crate::latency::{InFlight, Latency};
use crate::report::Count;
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
    latency: Latency,
    count: Count,
}

impl Echo {
    /// As the command line wants it.
    pub fn new(args: &Args) -> Result<Self> {
        Ok(Self {
            depth: args.depth,
            messages: Messages::new(args),
            sessions: (0..args.sessions).map(|_| Echoes::default()).collect(),
            latency: Latency::new()?,
            count: Count::default(),
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
            self.latency.record(now.saturating_duration_since(since));
            self.count.messages += 1;
            self.count.bytes += frame.rest.len() as u64;
            echoes.send(&mut self.messages, writer, now);
        }
        Ok(Flow::Stay)
    }

    fn reset(&mut self) {
        self.count = Count::default();
        self.latency.reset();
    }

    fn count(&self) -> Count {
        self.count
    }

    fn latency(&self) -> Value {
        self.latency.percentiles()
    }
}
