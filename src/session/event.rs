//! What a session tells the layers around it: events for the application, frames for the socket.

use std::borrow::Cow;

use super::Micros;
use crate::protocol::FlowBehaviour;

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

    /// The whole frame, and where in it the payload starts; so that an owned one changes hands without a copy.
    pub fn into_frame(self) -> (Cow<'a, [u8]>, usize) {
        (self.frame, self.start)
    }
}

numbered! {
    /// The three kinds of application messages.
    pub enum MessageKind {
        /// UTF8DATA.
        Utf8 = 0,
        /// BINARYDATA.
        Binary = 1,
        /// ERROR.
        Error = 2,
    }
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

numbered! {
    /// How a send ended.
    pub enum Outcome {
        /// The peer acknowledged it.
        Acknowledged = 0,
        /// The drop policy discarded it before it was sent.
        Dropped = 1,
        /// No ACK came in time, and a late one is not waited for (any longer).
        TimedOut = 2,
    }
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
    /// The peer began a stream, which takes the place of an open one with the same number.
    StreamStarted {
        /// Its number, chosen by the peer.
        tx_id: u32,
        /// Its size in bytes; -1 while unknown.
        byte_length: i32,
        /// Its name, UTF-8 unless the peer is at fault.
        name: &'a [u8],
    },
    /// A piece of the peer's stream arrived.
    StreamChunk {
        /// The stream's number.
        tx_id: u32,
        /// The chunk's index.
        seq: u32,
        /// The chunk's bytes.
        body: Body<'a>,
    },
    /// The peer's stream is complete.
    StreamFinished {
        /// Its number.
        tx_id: u32,
    },
    /// The peer cancelled a stream: as its receiver one of ours, else as its sender one of its own.
    StreamCancelled {
        /// Whose stream it is.
        side: Side,
        /// Its number.
        tx_id: u32,
    },
    /// The peer asks for chunks of our stream.
    RangeRequested {
        /// Its number.
        tx_id: u32,
        /// Index of the first chunk.
        start: u32,
        /// Index behind the last chunk.
        end: u32,
    },
    /// The peer says how it wants our streams from now on.
    FlowChanged(FlowBehaviour),
    /// A step of our stream was acknowledged, or will not be.
    StreamSettled {
        /// Its number.
        tx_id: u32,
        /// Which step it was.
        step: Step,
        /// How it ended.
        outcome: Outcome,
    },
    /// The socket has taken so much that there is [room](super::Session::await_room) for more chunks.
    Room {
        /// Bytes of chunks that it still has to take.
        left: usize,
    },
}

numbered! {
    /// Whose stream it is.
    pub enum Side {
        /// The peer sends it.
        Theirs = 0,
        /// We send it.
        Ours = 1,
    }
}

numbered! {
    /// The frames of a stream that its receiver acknowledges.
    pub enum Step {
        /// TX_START.
        Start = 0,
        /// TX_FINISH.
        Finish = 1,
    }
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
    /// Bytes the socket has taken since the connection began.
    fn taken(&self) -> u64;
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
