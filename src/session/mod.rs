//! One Cryo session as a state machine: frames, verdicts and time go in; frames, events and settlements come out.
//! No socket, no clock and no Node.js, so that every path is tested without any of them.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | limits and policies that a server's sessions share |
//! | [`event`] | what comes out: [`Event`]s for the application, frames for the [`Wire`] |
//! | [`acks`] | numbering, who waits for which ACK, and how long ACKs take |
//! | [`outbox`] | frames a slow reader keeps waiting, drop policies |
//! | [`receive_window`] | what the application has not handled yet |
//! | [`meter`], [`counting`] | what sessions count for the server's metrics |
//! | `heartbeat` | rounds of pings, silent peers, overdue ACKs |
//! | `receive` | what each received frame does |
//! | `leave` | the ways a session ends |
//! | `settle` | how frames that somebody waits for end |
//! | `streams` | transactions, the peer's and ours |

#![forbid(unsafe_code)]

pub mod acks;
pub mod config;
pub mod counting;
pub mod event;
pub mod meter;
pub mod outbox;
pub mod receive_window;

mod heartbeat;
mod leave;
mod receive;
mod settle;
mod streams;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use acks::{Acks, Waiter};
use config::Config;
pub use event::{Body, Event, Events, Hooks, Io, MessageKind, Outcome, Side, Stats, Step, Wire};
pub use heartbeat::Beat;
use heartbeat::Pulse;
pub use leave::Farewell;
use leave::Phase;
use meter::Run;
use outbox::{Outbox, Queued};
use receive_window::ReceiveWindow;
use settle::settle;
use streams::Streams;

use crate::protocol::{CloseCode, FEATURE_TRANSACTIONS, Frame, FrameType, VERSION, close};

/// Time in microseconds since a moment of the caller's choice.
pub type Micros = u64;

/// Why a session can't go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// WebSocket close code.
    pub code: CloseCode,
    /// WebSocket close reason.
    pub reason: Cow<'static, str>,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    sid: u64,
    config: Arc<Config>,
    acks: Acks,
    /// The number of our ENDPOINT_INFO: the first one, whatever is sent while it waits to leave.
    greeting: u32,
    outbox: Outbox,
    /// What the application has not handled yet.
    pub window: ReceiveWindow,
    phase: Phase,
    /// The open streams; none until the first.
    streams: Option<Box<Streams>>,
    /// What the peer announced; `None` until it does, which old clients never do.
    features: Option<u64>,
    /// ENDPOINT_INFO has left: until then everything waits in the outbox.
    greeted: bool,
    /// The socket is behind by more than the high-water mark, and not yet back below the low one: bytes that may wait for it besides replies.
    throttled: Option<usize>,
    /// What is known of the peer's being alive.
    pulse: Pulse,
    rx: u64,
    tx: u64,
    dropped: u64,
    /// Frames sent that the server's meter does not know of yet.
    run: Run,
    /// The code of the WebSocket close frame that came or went first.
    close_code: Option<u16>,
}

impl Session {
    /// A session named `sid`, authenticated and silent.
    pub fn new(sid: u64, config: Arc<Config>) -> Self {
        let run = Run::new(Arc::clone(&config.meter));
        let mut acks = Acks::default();
        let greeting = acks.expect(Waiter::Nobody);
        let window = ReceiveWindow::new(config.max_unread);
        Self {
            sid,
            config,
            acks,
            greeting,
            outbox: Outbox::default(),
            window,
            phase: Phase::Open,
            streams: None,
            features: None,
            greeted: false,
            throttled: None,
            pulse: Pulse::default(),
            rx: 0,
            tx: 0,
            dropped: 0,
            run,
            close_code: None,
        }
    }

    /// Sends ENDPOINT_INFO, once. What waits behind it leaves with the next [`Session::drained`], so that the caller can give ENDPOINT_INFO
    /// a packet of its own (clients attach their listeners a little after the 101).
    pub fn greet<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if self.greeted || self.phase.is_closed() {
            return;
        }
        self.greeted = true;
        let ack = self.greeting;
        self.acks.sent(ack, io.now);
        self.transmit(&Frame::EndpointInfo { ack, version: VERSION, features: FEATURE_TRANSACTIONS }, io.wire);
    }

    /// Whether ENDPOINT_INFO has left.
    pub fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// Sends a message. Its [`Event::Settled`] carries `token`; 0 stands for a send whose end nobody wants to know.
    /// A session on its way out takes no messages: that all sends end with it is the caller's knowledge.
    pub fn send<W: Wire, E: Events>(&mut self, kind: MessageKind, payload: &[u8], token: u32, io: &mut Io<'_, W, E>) {
        if !self.phase.is_open() {
            return;
        }
        let waiter = if token == 0 { Waiter::Nobody } else { Waiter::Send(token) };
        self.post(waiter, io, |ack| match kind {
            MessageKind::Utf8 => Frame::Utf8 { ack, payload },
            MessageKind::Binary => Frame::Binary { ack, payload },
            MessageKind::Error => Frame::Error { ack, payload },
        });
    }

    /// Acknowledges a message whose hooks have run.
    pub fn acknowledge<W: Wire, E: Events>(&mut self, ack: u32, io: &mut Io<'_, W, E>) {
        if !self.phase.is_closed() {
            self.transmit(&Frame::Ack { ack }, io.wire);
        }
    }

    /// Whether frames wait for an ACK, so that [`Session::sweep`] is due now and then.
    pub fn awaits_acks(&self) -> bool {
        self.acks.is_waiting()
    }

    /// Whether the application may handle nothing because it waits for an ACK that counts as timed out, and stands behind what is not read: the limit
    /// of that has to be raised then, although there is nothing to sweep.
    pub fn may_await_late_ack(&self) -> bool {
        self.acks.has_late() && self.window.may_be_raised()
    }

    /// The socket has taken bytes: what the outbox may now give goes to the wire.
    pub fn drained<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        self.make_room(io);
        let throttled = self.is_throttled() && io.wire.pending() > self.config.low_water_mark;
        if !self.greeted || self.phase.is_closed() || throttled {
            return;
        }
        self.throttled = None;
        while !self.is_throttled()
            && let Some(queued) = self.outbox.pop()
        {
            if let Some(ack) = queued.ack {
                self.acks.sent(ack, io.now);
            }
            self.write(queued.frame_type, &queued.head, &queued.tail, io.wire);
            if queued.frame_type == FrameType::TxChunk {
                self.chunk_left_outbox(queued.tail.len(), io.wire);
            }
        }
        self.finish_draining(io);
    }

    /// Bytes and frames that wait for the socket.
    pub fn queued(&self, wire: &impl Wire) -> (usize, usize) {
        (self.outbox.bytes() + wire.pending(), self.outbox.len())
    }

    /// Bytes received, bytes sent, messages dropped by policy.
    pub fn counters(&self) -> (u64, u64, u64) {
        (self.rx, self.tx, self.dropped)
    }

    /// The WebSocket close code it ended with; 1006 where its connection ended without one (RFC 6455 section 7.4.1).
    pub fn close_code(&self) -> u16 {
        self.close_code.unwrap_or(close::WEBSOCKET_ABNORMAL)
    }

    /// Gives the server's meter what it does not know of yet.
    pub fn settle_meter(&mut self) {
        self.run.settle();
    }

    /// Whether messages wait because the socket is behind.
    pub fn is_throttled(&self) -> bool {
        self.throttled.is_some()
    }

    /// Bytes that may wait for the socket besides replies. The message that reached the high-water mark may be larger than that by far, and until
    /// the socket is back below the low one, replies may take the place of what has left: were there less room for them, two peers that send
    /// each other large messages could each wait for the other to read.
    pub fn most_output(&self) -> usize {
        self.throttled.unwrap_or(self.config.high_water_mark)
    }

    /// Whether the application has more to handle than it should be given, when all batches up to number `done` are handled.
    pub fn is_full(&self, done: u64) -> bool {
        self.window.is_full(done)
    }

    /// Whether it was asked to leave, and still has to send what was sent before.
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Draining(_))
    }

    /// Whether a WebSocket close frame is on its way: nothing but ACKs matters any more.
    pub fn is_closed(&self) -> bool {
        self.phase.is_closed()
    }

    /// Numbers a frame that waits for its ACK and sends it, or queues it behind what waits already.
    fn post<'f, W: Wire, E: Events>(
        &mut self,
        waiter: Waiter,
        io: &mut Io<'_, W, E>,
        frame: impl FnOnce(u32) -> Frame<'f>,
    ) {
        if self.flows() {
            let ack = self.acks.expect_sent(waiter, io.now);
            self.transmit(&frame(ack), io.wire);
        } else {
            let ack = self.acks.expect(waiter);
            self.enqueue(&frame(ack), Some(ack), io);
        }
    }

    /// Whether a frame goes to the wire at once, because none waits before it.
    fn flows(&self) -> bool {
        self.greeted && !self.is_throttled() && self.outbox.is_empty()
    }

    fn enqueue<W: Wire, E: Events>(&mut self, frame: &Frame<'_>, waited_for: Option<u32>, io: &mut Io<'_, W, E>) {
        let queued = Queued::new(frame.head(self.sid), frame.tail(), frame.frame_type(), waited_for);
        if !self.greeted && self.outbox.bytes() < self.config.high_water_mark {
            // Until ENDPOINT_INFO leaves the outbox stands in for the wire: a burst at the start is no slow reader's doing.
            self.outbox.push_uncapped(&self.config, queued);
            return;
        }
        let (acks, dropped, meter) = (&mut self.acks, &mut self.dropped, &self.config.meter);
        self.outbox.push(&self.config, queued, |victim| {
            *dropped += 1;
            meter.dropped.add(1);
            if let Some(waiter) = victim.ack.and_then(|ack| acks.forget(ack)) {
                settle(waiter, Outcome::Dropped, None, io.events);
            }
        });
        if self.outbox.overflows(&self.config) {
            self.close_now(CloseCode::SERVER_FAULT.get(), close::OUTBOX_OVERFLOW, io);
        }
    }

    fn transmit<W: Wire>(&mut self, frame: &Frame<'_>, wire: &mut W) {
        self.write(frame.frame_type(), &frame.head(self.sid), frame.tail(), wire);
    }

    fn write<W: Wire>(&mut self, frame_type: FrameType, head: &[u8], tail: &[u8], wire: &mut W) {
        let length = head.len() + tail.len();
        self.tx += length as u64;
        self.run.add(frame_type, length);
        wire.frame(head, tail);
        let mark = self.config.high_water_mark;
        if wire.pending() >= mark && !self.is_throttled() {
            // Of what waits before this frame, replies alone can have passed the mark.
            self.throttled = Some(mark + length);
        }
    }
}
