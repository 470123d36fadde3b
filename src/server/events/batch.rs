//! The format in which events cross to the application: descriptors in one array, payloads in another.
//!
//! An event is [`WORDS`] 32-bit words, `[slot, code | flags << 8, a, b, length]`, and `length` bytes of payload. Payloads stand one after the
//! other, in the order of their events; one of [`LARGE`] bytes or more travels on a list of its own instead (flag [`LARGE_FLAG`]), and is
//! taken from there as a whole, or, from [`PARCEL`] bytes on, step by step (flag [`PARCEL_FLAG`]).

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::large::{LargePayloads, PARCEL};
use super::sink::Sink;
use super::source::SessionSource;
use crate::server::connection::link::Link;
use crate::server::http::relay::Relay;
use crate::session::{Body, Outcome};

/// Words of a descriptor.
pub const WORDS: usize = 5;

/// Size in bytes from which on a payload is not copied into the common array.
pub const LARGE: usize = 16 * 1024;

/// Flag: the text is ASCII, so that a string can be made of it without decoding.
pub const ASCII_FLAG: u32 = 1;
/// Flag: the message waits for a verdict of the receive hooks.
pub const VERDICT_FLAG: u32 = 2;
/// Flag: the payload is the next one on the list of large ones.
pub const LARGE_FLAG: u32 = 4;
/// Flag, besides that: it is a parcel.
pub const PARCEL_FLAG: u32 = 8;

numbered! {
    /// What an event is. The numbers are known to `lib/bridge/codes.js` too.
    pub enum Code {
        /// A UTF8DATA message; `a` is its number.
        Utf8 = 0,
        /// A BINARYDATA message; `a` is its number.
        Binary = 1,
        /// An ERROR message; `a` is its number.
        Error = 2,
        /// Sends have ended: `a` is the first one's token, `b` the [`Outcome`] and, from bit 8 on, how many with tokens in a row.
        Settled = 3,
        /// A session is there; `a` is 1 if it is a peer's. Payload: sid (u64), the number of its handshake or connect request (u32), both
        /// little-endian; for a peer's the request.
        Opened = 4,
        /// The client announced itself; `a` is 1 if it takes part in transactions.
        Connected = 5,
        /// A heartbeat round; payload: rtt (ms), bytes received, bytes sent, timed-out ACKs, as little-endian doubles.
        Stats = 6,
        /// The session is over; payload: bytes received, bytes sent, messages dropped, as little-endian doubles.
        Closed = 7,
        /// The validator is to be asked; `slot` is the handshake's number, `a` the length of the token at the start of the payload.
        Validate = 8,
        /// The handshake `slot` is over without a session: its validator's answer no longer matters.
        Abandoned = 9,
        /// Shutdown is complete: nothing comes after this. `a` is 1 if the I/O thread could not go on; payload: what its panic said.
        Stopped = 10,
        /// There is no connection to a peer: `slot` is the connect request's number, the payload says why.
        PeerFailed = 11,
        /// A connection that Node.js serves; `slot` is its id, here and in the next four. Payload: the client's address and port, then this
        /// end's, one a line.
        HttpOpened = 12,
        /// Bytes that came on it.
        HttpData = 13,
        /// The client will send no more on it.
        HttpEnd = 14,
        /// It takes bytes again, or has taken the last ones.
        HttpWritable = 15,
        /// It is over; the payload is the code of the error, if it broke.
        HttpClosed = 16,
        /// The peer began stream `a` of `b` bytes (-1: unknown); payload: its name.
        TxStart = 17,
        /// Chunk `b` of the peer's stream `a`; payload: its bytes.
        TxChunk = 18,
        /// The peer's stream `a` is complete.
        TxFinish = 19,
        /// The peer cancelled stream `a`; `b` is its [`Side`](crate::session::Side).
        TxCancel = 20,
        /// The peer asks for chunks of our stream `a`; payload: start and end (u32, little-endian).
        TxFetch = 21,
        /// The peer wants our streams with flow behaviour `a` from now on.
        TxFlow = 22,
        /// Our stream `a` has come a step further, or not: `b` is the [`Step`](crate::session::Step) and, from bit 8 on, the [`Outcome`].
        TxSettled = 23,
        /// There is room for chunks: `a` bytes of them still wait for the socket.
        TxRoom = 24,
        /// Whether clients are connected (`a` is 1) has changed, where the application wants to know.
        Occupied = 25,
    }
}

/// An event's descriptor, but for the length of its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventHeader {
    pub(super) slot: u32,
    pub(super) code: Code,
    pub(super) flags: u32,
    pub(super) a: u32,
    pub(super) b: u32,
}

/// Events on their way to the application.
#[derive(Debug, Default)]
pub struct Batch {
    /// The descriptors.
    pub words: Vec<u32>,
    /// The payloads.
    pub bytes: Vec<u8>,
    /// The large payloads.
    pub large: LargePayloads,
    /// The sessions whose `Opened` event is in this batch, in order.
    pub opened: Vec<Arc<Link>>,
    /// The connections whose `HttpOpened` event is in this batch, in order, each with its permit as one that nobody has taken yet.
    pub relays: VecDeque<(Arc<Relay>, OwnedSemaphorePermit)>,
    /// Of the questions in this batch, one each; others may be asked when it has been delivered.
    pub permits: Vec<OwnedSemaphorePermit>,
}

impl Batch {
    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Bytes of memory its events take, but for parcels.
    pub fn size(&self) -> usize {
        self.words.len() * 4 + self.bytes.len() + self.large.bytes()
    }

    /// Forgets its events but keeps up to `keep` bytes of each array for the next ones.
    pub fn recycle(&mut self, keep: usize) {
        self.words.clear();
        self.words.shrink_to(keep / 4);
        self.bytes.clear();
        self.bytes.shrink_to(keep);
        self.large.recycle(keep);
        self.opened.clear();
        self.relays.clear();
        self.permits.clear();
    }

    /// Moves the events of `other` behind its own.
    pub fn append(&mut self, other: &mut Batch) {
        self.words.append(&mut other.words);
        self.bytes.append(&mut other.bytes);
        self.large.append(&mut other.large);
        self.opened.append(&mut other.opened);
        self.relays.append(&mut other.relays);
        self.permits.append(&mut other.permits);
    }

    /// An event with its payload.
    pub fn push(&mut self, slot: u32, code: Code, a: u32, b: u32, payload: &[u8]) {
        self.describe(EventHeader { slot, code, flags: 0, a, b }, payload.len());
        self.bytes.extend_from_slice(payload);
    }

    /// A new session, and where it came from.
    pub fn opened(&mut self, link: &Arc<Link>, source: &SessionSource) {
        let (peer, number, request) = match source {
            SessionSource::Client { number } => (0, number, ""),
            SessionSource::Peer { number, request } => (1, number, request.as_str()),
        };
        let payload = [&link.sid.to_le_bytes()[..], &number.to_le_bytes(), request.as_bytes()].concat();
        self.push(link.slot, Code::Opened, peer, 0, &payload);
        self.opened.push(Arc::clone(link));
    }

    /// A connection that Node.js is to serve, and what it has to know about it.
    pub fn http_opened(&mut self, relay: &Arc<Relay>, about: &str, pending: OwnedSemaphorePermit) {
        self.push(relay.id, Code::HttpOpened, 0, 0, about.as_bytes());
        self.relays.push_back((Arc::clone(relay), pending));
    }

    /// A session's end and its last figures: bytes received, bytes sent, messages dropped.
    pub fn closed(&mut self, slot: u32, counters: (u64, u64, u64)) {
        self.doubles(slot, Code::Closed, [counters.0 as f64, counters.1 as f64, counters.2 as f64]);
    }

    /// Where a session's events go.
    pub fn sink(&mut self, slot: u32, number: u64) -> Sink<'_> {
        Sink::new(self, slot, number)
    }

    #[inline]
    fn describe(&mut self, header: EventHeader, length: usize) {
        let EventHeader { slot, code, flags, a, b } = header;
        self.words.extend_from_slice(&[slot, code as u32 | flags << 8, a, b, length as u32]);
    }

    /// An event whose payload is numbers.
    pub(super) fn doubles<const N: usize>(&mut self, slot: u32, code: Code, values: [f64; N]) {
        self.describe(EventHeader { slot, code, flags: 0, a: 0, b: 0 }, N * 8);
        for value in values {
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// An event whose payload may be large.
    pub(super) fn carry(&mut self, mut header: EventHeader, body: Body<'_>) {
        let payload = body.as_slice();
        let length = payload.len();
        if length < LARGE {
            self.describe(header, length);
            self.bytes.extend_from_slice(payload);
        } else {
            header.flags |= if length < PARCEL { LARGE_FLAG } else { LARGE_FLAG | PARCEL_FLAG };
            self.describe(header, length);
            self.large.push(body);
        }
    }

    /// The end of a send.
    pub(super) fn settled(&mut self, slot: u32, token: u32, outcome: Outcome) {
        // ACKs mostly come in order and in bursts: one event then does for all.
        if let Some([last_slot, code, first, run, _]) = self.words.last_chunk_mut::<WORDS>()
            && *last_slot == slot
            && *code == Code::Settled as u32
            && *run & 0xff == outcome as u32
            && first.wrapping_add(*run >> 8) == token
            && *run < u32::MAX - 0x100
        {
            *run += 0x100;
            return;
        }
        let header = EventHeader { slot, code: Code::Settled, flags: 0, a: token, b: outcome as u32 | 1 << 8 };
        self.describe(header, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Event, Events, MessageKind};

    fn message(body: &[u8]) -> Event<'_> {
        Event::Message { kind: MessageKind::Utf8, ack: 9, body: Body::new(body.into(), 0), verdict: false }
    }

    #[test]
    fn messages_stand_in_order_and_large_ones_aside() {
        let mut batch = Batch::default();
        let large = vec![b'x'; LARGE];
        batch.sink(3, 1).event(message(b"one"));
        batch.sink(3, 1).event(message(&large));
        batch.sink(4, 1).event(message("zwölf".as_bytes()));
        let large_flags = (ASCII_FLAG | LARGE_FLAG) << 8;
        assert_eq!(batch.words, [3, ASCII_FLAG << 8, 9, 0, 3, 3, large_flags, 9, 0, LARGE as u32, 4, 0, 9, 0, 6]);
        assert_eq!(batch.bytes, "onezwölf".as_bytes());
        assert_eq!(batch.large.bytes(), LARGE);
        assert!(batch.size() > LARGE);
        let mut taken = vec![0; LARGE];
        assert!(batch.large.take(&mut taken) && taken == large);
    }

    #[test]
    fn settlements_in_a_row_are_one_event() {
        let mut batch = Batch::default();
        for (slot, token, outcome) in [
            (1, 7, Outcome::Acknowledged),
            (1, 8, Outcome::Acknowledged),
            (1, 9, Outcome::Dropped),
            (2, 10, Outcome::Dropped),
        ] {
            batch.sink(slot, 1).event(Event::Settled { token, outcome });
        }
        let settled = Code::Settled as u32;
        assert_eq!(
            batch.words,
            [1, settled, 7, 2 << 8, 0, 1, settled, 9, 1 << 8 | 1, 0, 2, settled, 10, 1 << 8 | 1, 0]
        );
    }
}
