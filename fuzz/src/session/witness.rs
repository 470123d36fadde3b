//! A socket and an application that believe nothing. Each asserts what may ever reach it, and notes what did, for the step to compare
//! with what was due.

use std::collections::{HashMap, HashSet};

use cryo_server::protocol::{self, Frame, FrameType};
use cryo_server::session::receive_window::{CHUNK_COST, EVENT_COST, STREAM_COST};
use cryo_server::session::{Event, Events, Hooks, MessageKind, Outcome, Side, Step, Wire};

use super::SID;

/// A frame of ours as far as it can be told from others: its type, its number, its tail.
pub type Left = (FrameType, Option<u32>, Vec<u8>);

/// Takes bytes when it is told to.
#[derive(Default)]
pub struct Socket {
    pub pending: usize,
    pub written: u64,
    pub closed: bool,
    /// What left during the step, of that which leaves in the order in which it was asked for.
    pub left: Vec<Left>,
    /// The ACKs and PONGs of the step, by number.
    pub answers: Vec<(FrameType, u32)>,
    /// The numbers of all frames of ours.
    pub numbers: Vec<u32>,
    taken: u64,
    greeted: bool,
    last: Option<u32>,
}

impl Socket {
    /// Takes up to `bytes` of what is pending; how many.
    pub fn take(&mut self, bytes: usize) -> usize {
        let taken = bytes.min(self.pending);
        self.pending -= taken;
        self.taken += taken as u64;
        taken
    }

    fn numbered(&mut self, frame: &Frame<'_>) {
        if let Some(ack) = frame.ack() {
            assert!(self.last.is_none_or(|last| last < ack), "number {ack} came after {:?}", self.last);
            self.last = Some(ack);
            self.numbers.push(ack);
        }
    }
}

impl Wire for Socket {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        assert!(!self.closed, "a frame after the close");
        let bytes = [head, tail].concat();
        let decoded = protocol::decode(&bytes).expect("only legal frames leave");
        assert_eq!(decoded.sid, SID);
        let frame = decoded.frame;
        match frame {
            Frame::EndpointInfo { ack, .. } => {
                assert!(!std::mem::replace(&mut self.greeted, true), "greeted twice");
                assert_eq!((ack, self.written), (0, 0), "the greeting comes first");
                self.numbered(&frame);
            }
            Frame::Ack { ack } | Frame::Pong { ack } => self.answers.push((frame.frame_type(), ack)),
            // Overtakes what waits, so that it measures the peer and not the queue.
            Frame::Ping { ack } => self.numbers.push(ack),
            // Alone it may go without a greeting: a session that ends before it began.
            Frame::Bye { .. } => self.numbered(&frame),
            _ => {
                assert!(self.greeted, "{frame:?} before the greeting");
                self.numbered(&frame);
                self.left.push((frame.frame_type(), frame.ack(), frame.tail().to_vec()));
            }
        }
        self.pending += bytes.len();
        self.written += bytes.len() as u64;
    }

    fn close(&mut self, _code: u16, _reason: &str) {
        assert!(!std::mem::replace(&mut self.closed, true), "closed twice");
    }

    fn pending(&self) -> usize {
        self.pending
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

/// A payload that came: the type of its frame, the number of the message or of the stream, the bytes, and whether a verdict is due.
pub type Heard = (FrameType, u32, Vec<u8>, bool);

/// Remembers what was promised to it.
#[derive(Default)]
pub struct Application {
    pub batch: u64,
    /// Bytes and costs of the messages in that batch.
    pub in_batch: usize,
    /// The same of what it holds beyond its batch.
    pub held: usize,
    /// Sends, range requests and flow changes whose end is due, by token.
    pub unsettled: HashSet<u32>,
    /// The same of streams, by number and step.
    pub unsettled_steps: HashSet<(u32, u8)>,
    /// Messages that were dropped during the step, by token.
    pub dropped: Vec<u32>,
    /// What was acknowledged during the step, by token and number.
    pub acknowledged: Vec<(u32, u32)>,
    /// The number in the ACK that is being taken: only then may a send end with one.
    pub acknowledging: Option<u32>,
    /// Room is to be told of from so few bytes on.
    pub awaited_room: Option<usize>,
    /// How many streams the peer has begun.
    pub begun: u32,
    /// Those of them that are open, with how many it had begun before.
    pub incoming: HashMap<u32, u32>,
    /// The open ones of ours.
    pub outgoing: HashSet<u32>,
    /// What came during the step.
    pub heard: Vec<Heard>,
    /// Whether the peer takes part in transactions, once it has said so.
    pub transactions: Option<bool>,
}

impl Application {
    fn judge(&self, outcome: Outcome) {
        assert_eq!(outcome == Outcome::Acknowledged, self.acknowledging.is_some(), "{outcome:?} without its cause");
    }

    fn settle(&mut self, token: u32, outcome: Outcome) {
        assert!(self.unsettled.remove(&token), "{token} was not sent, or is settled already");
        self.judge(outcome);
        if outcome == Outcome::Dropped {
            self.dropped.push(token);
        }
        self.acknowledged.extend(self.acknowledging.map(|number| (token, number)));
    }

    fn hear(&mut self, frame_type: FrameType, number: u32, payload: &[u8], verdict: bool) {
        self.heard.push((frame_type, number, payload.to_vec(), verdict));
    }

    /// One of our streams is no more: what became of its steps is nobody's concern.
    pub fn forget_stream(&mut self, tx_id: u32) {
        self.outgoing.remove(&tx_id);
        self.unsettled_steps.retain(|(of, _)| *of != tx_id);
    }
}

impl Events for Application {
    fn batch(&self) -> u64 {
        self.batch
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Connected { transactions } => {
                assert!(self.transactions.replace(transactions).is_none(), "connected twice");
            }
            Event::Message { kind, ack, body, verdict } => {
                let frame_type = message_type(kind);
                if verdict {
                    self.held += body.as_slice().len() + EVENT_COST;
                } else {
                    self.in_batch += frame_type.head_len() + body.as_slice().len() + EVENT_COST;
                }
                self.hear(frame_type, ack, body.as_slice(), verdict);
            }
            Event::Settled { token, outcome } => self.settle(token, outcome),
            Event::StreamStarted { tx_id, name, .. } => {
                self.held += name.len() + STREAM_COST;
                self.incoming.insert(tx_id, self.begun);
                self.begun += 1;
                self.hear(FrameType::TxStart, tx_id, name, false);
            }
            Event::StreamChunk { tx_id, body, .. } => {
                self.held += body.as_slice().len() + CHUNK_COST;
                assert!(self.incoming.contains_key(&tx_id), "a chunk of no stream");
                self.hear(FrameType::TxChunk, tx_id, body.as_slice(), false);
            }
            Event::StreamFinished { tx_id } | Event::StreamCancelled { side: Side::Theirs, tx_id } => {
                self.held += EVENT_COST;
                assert!(self.incoming.remove(&tx_id).is_some(), "the end of no stream");
            }
            Event::StreamCancelled { side: Side::Ours, tx_id } => {
                self.held += EVENT_COST;
                assert!(self.outgoing.contains(&tx_id), "the end of no stream");
                self.forget_stream(tx_id);
            }
            Event::RangeRequested { tx_id, .. } => {
                self.held += EVENT_COST;
                assert!(self.outgoing.contains(&tx_id), "chunks of no stream");
            }
            Event::FlowChanged(_) => self.held += EVENT_COST,
            Event::StreamSettled { tx_id, step, outcome } => {
                assert!(self.unsettled_steps.remove(&(tx_id, step as u8)), "{step:?} of {tx_id} settled again");
                assert!(step == Step::Start || outcome == Outcome::Acknowledged, "the end of a stream is waited for");
                self.judge(outcome);
            }
            Event::Room { left } => {
                let awaited = self.awaited_room.take().expect("room somebody waits for");
                assert!(left <= awaited, "{left} bytes left, not {awaited}");
            }
        }
    }
}

/// The frame that carries such messages.
pub fn message_type(kind: MessageKind) -> FrameType {
    match kind {
        MessageKind::Utf8 => FrameType::Utf8Data,
        MessageKind::Binary => FrameType::BinaryData,
        MessageKind::Error => FrameType::Error,
    }
}

/// Whether hooks look at what such a frame carries.
pub fn is_hooked(hooks: Hooks, frame_type: FrameType) -> bool {
    [MessageKind::Utf8, MessageKind::Binary, MessageKind::Error]
        .into_iter()
        .any(|kind| message_type(kind) == frame_type && hooks.cover(kind))
}
