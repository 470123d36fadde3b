//! What a load looks like. The driver opens the sessions and tells the scenario what happens to them.
//!
//! | module | scenario |
//! |---|---|
//! | [`echo`] | closed loop: every echo triggers the next message |
//! | [`paced`] | open loop: messages leave on a fixed schedule |
//! | [`push`] | the server sends to all sessions |
//! | [`idle`] | nothing happens |
//! | [`churn`] | sessions come and go |
//! | [`upload`], [`download`] | endless transactions |

mod churn;
mod download;
mod echo;
mod idle;
mod message;
mod paced;
mod push;
mod upload;

use std::time::Instant;

use anyhow::Result;

use crate::args::{Args, Kind};
use crate::client::Flow;
use crate::tally::Tally;
use crate::wire::{Frame, Writer};

/// When a scenario wants to send without having been told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// On this session, now.
    Now(usize),
    /// Not before then.
    At(Instant),
    /// Not at all.
    Never,
}

/// A load. Sessions are known by their index.
pub trait Scenario {
    /// A session may send.
    fn opened(&mut self, _session: usize, _writer: &mut Writer) {}

    /// All sessions are open: told of each.
    fn begin(&mut self, _session: usize, _writer: &mut Writer, _now: Instant) {}

    /// A frame arrived; pings and announcements are dealt with already, and what needed an ACK has one.
    /// With `--socket-times`, `now` is when it arrived at the socket.
    fn frame(&mut self, session: usize, frame: Frame<'_>, writer: &mut Writer, now: Instant) -> Result<Flow>;

    /// What is due next, once all sessions are open. Asked again after each [`Scenario::send`].
    fn due(&mut self, _now: Instant) -> Due {
        Due::Never
    }

    /// Sends what was due on `session`.
    fn send(&mut self, _session: usize, _writer: &mut Writer, _now: Instant) {}

    /// The socket took everything: writes more if there is an endless supply. True when it did.
    fn refill(&mut self, _session: usize, _writer: &mut Writer) -> bool {
        false
    }

    /// Whether silence is a failure.
    fn expects_traffic(&self) -> bool {
        true
    }

    /// What it counts and times.
    fn tally(&mut self) -> &mut Tally;
}

/// The scenario that the command line asks for.
pub fn from(args: &Args) -> Result<Box<dyn Scenario>> {
    Ok(match (args.scenario, args.rate) {
        (Kind::Echo, None) => Box::new(echo::Echo::new(args)?),
        (Kind::Echo, Some(rate)) => Box::new(paced::Paced::new(args, rate)?),
        (Kind::Push, _) => Box::new(push::Push::new(args)?),
        (Kind::Idle, _) => Box::new(idle::Idle::new()?),
        (Kind::Churn, _) => Box::new(churn::Churn::new(args)?),
        (Kind::Upload, _) => Box::new(upload::Upload::new(args)?),
        (Kind::Download, _) => Box::new(download::Download::new()?),
    })
}
