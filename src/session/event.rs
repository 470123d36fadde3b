//! What a session tells the layers around it: events for the application, frames for the socket.

use std::borrow::Cow;

use super::Micros;

/// A payload that arrived, still inside the frame that carried it.
#[derive(Debug)]
pub struct Body<'a> {
    frame: Cow<'a, [u8]>,
    start: usize,
}

impl<'a> Body<'a> {
    /// The part of `frame` from `start` on.
    pub fn new(frame: Cow<'a, [u8]>, start: usize) -> Self {
        Self { frame, start }
    }

    /// The payload's bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.frame.get(self.start..).unwrap_or_default()
    }

    /// The whole frame, if it is owned, and where in it the payload starts; so that a large payload changes hands without a copy.
    pub fn into_owned(self) -> (Vec<u8>, usize) {
        (self.frame.into_owned(), self.start)
    }
}

/// The three kinds of application messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageKind {
    /// UTF8DATA.
    Utf8 = 0,
    /// BINARYDATA.
    Binary = 1,
    /// ERROR.
    Error = 2,
}

/// Which kinds of received messages an extension looks at before they are acknowledged, a bit per [`MessageKind`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooks(pub u8);

impl Hooks {
    /// Whether messages of this kind wait for a verdict.
    pub fn cover(self, kind: MessageKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

/// How a send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The peer acknowledged it.
    Acknowledged = 0,
    /// The drop policy discarded it before it was sent.
    Dropped = 1,
    /// No ACK came in time, and a late one is not waited for (any longer).
    TimedOut = 2,
}

/// The four figures of a heartbeat round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stats {
    /// Smoothed round trip in milliseconds; -1 while unknown.
    pub rtt_ms: f64,
    /// Bytes received.
    pub rx: u64,
    /// Bytes sent.
    pub tx: u64,
    /// Frames counted as timed out since the last round.
    pub ack_timeouts: u32,
}

/// Something the application hears of.
#[derive(Debug)]
pub enum Event<'a> {
    /// The peer has announced itself and was acknowledged.
    Connected {
        /// Whether it takes part in transactions.
        transactions: bool,
    },
    /// A message arrived.
    Message {
        /// Its kind.
        kind: MessageKind,
        /// Its number, for the verdict.
        ack: u32,
        /// Its payload.
        body: Body<'a>,
        /// It is not acknowledged yet: [`Session::acknowledge`](super::Session::acknowledge) is due after the hooks.
        verdict: bool,
    },
    /// A send has come to its end.
    Settled {
        /// The number the application gave the send.
        token: u32,
        /// How it ended.
        outcome: Outcome,
    },
}

/// Takes the events of a session, in order.
pub trait Events {
    /// The number of the batch that the events go into, which counts as handled as a whole.
    fn batch(&self) -> u64;
    /// One event.
    fn event(&mut self, event: Event<'_>);
}

/// Takes the frames of a session, in order, on their way to the socket.
pub trait Wire {
    /// One encoded frame, in two parts so that its payload is copied once only.
    fn frame(&mut self, head: &[u8], tail: &[u8]);
    /// Ends the connection behind what was handed over before.
    fn close(&mut self, code: u16, reason: &str);
    /// Bytes handed over that the socket has not taken yet.
    fn pending(&self) -> usize;
}

/// The surroundings of a call into a session.
pub struct Io<'a, W, E> {
    /// Time of the call.
    pub now: Micros,
    /// Where frames go.
    pub wire: &'a mut W,
    /// Where events go.
    pub events: &'a mut E,
}
