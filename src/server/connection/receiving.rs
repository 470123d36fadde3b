//! What one reading of a socket held, handed to the session: messages, pings and the peer's end.

use std::borrow::Cow;

use super::link::Core;
use crate::net::websocket::{Decoder, Item, Payload};
use crate::protocol::close;
use crate::server::events::batch::Batch;
use crate::session::{Hooks, Micros};

/// What it came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Received {
    /// Messages and control frames.
    pub items: usize,
    /// The application has been told something.
    pub events: bool,
    /// The peer's close frame was among it.
    pub closed: bool,
    /// It broke WebSocket.
    pub broken: bool,
}

/// A session that is being handed it, under its lock.
pub struct Receiver<'a> {
    /// The session.
    pub core: &'a mut Core,
    /// Gets its events.
    pub batch: &'a mut Batch,
    /// The session's slot, and the batch's number.
    pub place: (u32, u64),
    /// The time of the reading.
    pub now: Micros,
    /// Which kinds of messages wait for a verdict.
    pub hooks: Hooks,
}

impl Receiver<'_> {
    /// Takes decrypted bytes.
    pub fn feed(&mut self, decoder: &mut Decoder, input: &mut [u8]) -> Received {
        let before = self.batch.words.len();
        let mut received = Received::default();
        // A message that takes longer than the heartbeat's interval leaves no place for the answer to a ping.
        self.core.session.hear();
        let fed = decoder.feed(input, |item| {
            received.items += 1;
            received.closed |= self.take(item);
        });
        if let Err(violation) = fed {
            received.broken = true;
            self.close_now(violation.code, violation.reason);
        }
        received.events = self.batch.words.len() > before;
        received
    }

    /// True where it is the peer's end.
    #[inline]
    fn take(&mut self, item: Item<'_>) -> bool {
        match item {
            // The protocol takes text and binary alike (docs/protocol.md, "Transport").
            Item::Text(payload) | Item::Binary(payload) => self.message(payload),
            Item::Ping(payload) if !self.core.session.is_closed() => self.core.outgoing.pong(payload),
            Item::Ping(_) | Item::Pong => {}
            Item::Close { code, reason } => {
                self.close_now(code.unwrap_or(close::WEBSOCKET_NORMAL), &String::from_utf8_lossy(reason));
                return true;
            }
        }
        false
    }

    #[inline]
    fn message(&mut self, payload: Payload<'_>) {
        let message = match payload {
            Payload::Borrowed(bytes) => Cow::Borrowed(bytes),
            Payload::Owned(bytes) => Cow::Owned(bytes),
        };
        let hooks = self.hooks;
        let (slot, number) = self.place;
        self.core.with(self.now, self.batch.sink(slot, number), |session, io| {
            if let Err(fault) = session.receive(message, hooks, io) {
                session.close_on_fault(&fault, io);
            }
        });
    }

    fn close_now(&mut self, code: u16, reason: &str) {
        let (slot, number) = self.place;
        self.core.with(self.now, self.batch.sink(slot, number), |session, io| session.close_now(code, reason, io));
    }
}
