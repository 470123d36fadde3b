//! Open loop: messages leave on a fixed schedule, round robin over the sessions. Times count from the moment a message
//! was due, so that a server that stalls is charged for all that waited meanwhile; with `--socket-times` from the one it was
//! sent.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::echo::Echoes;
use super::message::Messages;
use super::{Due, Scenario};
use crate::args::Args;
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer};

/// The scenario.
#[derive(Debug)]
pub struct Paced {
    gap: Duration,
    /// When the next message is due; none before the first is.
    next: Option<Instant>,
    turn: usize,
    /// Times count from the moment a message is sent, and not from the one it was due.
    from_sending: bool,
    messages: Messages,
    sessions: Vec<Echoes>,
    tally: Tally,
}

impl Paced {
    /// `rate` messages per second over all sessions.
    pub fn new(args: &Args, rate: f64) -> Result<Self> {
        ensure!(rate.is_finite() && rate >= 0.001, "--rate {rate} is no positive number of messages per second");
        Ok(Self {
            gap: Duration::from_secs_f64(1.0 / rate),
            next: None,
            turn: 0,
            from_sending: args.socket_times,
            messages: Messages::new(args),
            sessions: (0..args.sessions).map(|_| Echoes::default()).collect(),
            tally: Tally::new()?,
        })
    }
}

impl Scenario for Paced {
    fn frame(&mut self, session: usize, frame: Frame<'_>, writer: &mut Writer, now: Instant) -> Result<Flow> {
        if let Some(echoes) = self.sessions.get_mut(session)
            && self.messages.is_message(&frame, writer)
        {
            let since = echoes.take(&self.messages, &frame)?;
            self.tally.time(since, now);
            self.tally.count(frame.rest.len());
        }
        Ok(Flow::Stay)
    }

    fn due(&mut self, now: Instant) -> Due {
        let next = *self.next.get_or_insert(now);
        if next > now { Due::At(next) } else { Due::Now(self.turn) }
    }

    fn send(&mut self, session: usize, writer: &mut Writer, now: Instant) {
        let due = self.next.unwrap_or(now);
        self.next = Some(due + self.gap);
        self.turn = (self.turn + 1) % self.sessions.len().max(1);
        if let Some(echoes) = self.sessions.get_mut(session) {
            echoes.send(&mut self.messages, writer, if self.from_sending { now } else { due });
        }
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }
}
