//! The frames that wait until the socket has room, and which of them a slow reader costs.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use super::config::{Config, DropPolicy};
use crate::protocol::{FrameType, Head, MAX_PAYLOAD};

/// How many times `max_queued_bytes`, and one message of the largest size, may wait in frames that can't be dropped.
pub const OVERFLOW_FACTOR: usize = 4;

/// What a waiting frame costs besides its bytes, in bytes.
const FRAME_COST: usize = size_of::<Queued>();

/// One frame that waits: its head is encoded already, so that its place in the numbering is fixed.
#[derive(Debug)]
pub struct Queued {
    /// The encoded frame up to its tail.
    pub head: Head,
    /// The tail, owned because the caller's memory is not ours to keep.
    pub tail: Box<[u8]>,
    /// The frame's type.
    pub frame_type: FrameType,
    /// The frame's number, when somebody waits for its ACK.
    pub ack: Option<u32>,
    /// Hash of the tail, kept for [`DropPolicy::Dedupe`] only.
    digest: u64,
}

impl Queued {
    /// A frame that can go to an [`Outbox`]. `ack` is its number, when somebody waits for its ACK.
    pub fn new(head: Head, tail: &[u8], frame_type: FrameType, ack: Option<u32>) -> Self {
        Self { head, tail: tail.into(), frame_type, ack, digest: 0 }
    }

    fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    fn droppable(&self) -> bool {
        matches!(self.frame_type, FrameType::Utf8Data | FrameType::BinaryData)
    }

    /// Bytes of memory that it takes whatever the drop policy.
    fn undroppable_cost(&self) -> usize {
        if self.droppable() { 0 } else { self.len() + FRAME_COST }
    }
}

/// A first-in, first-out queue of frames with two caps.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Queued>,
    bytes: usize,
    /// The sum of all [`Queued::undroppable_cost`].
    undroppable: usize,
    hasher: Option<Box<RandomState>>,
}

impl Outbox {
    /// Appends a frame. UTF8DATA and BINARYDATA obey the caps: `dropped` gets each frame that had to go, which may be the new one.
    /// All others are always taken.
    pub fn push(&mut self, config: &Config, mut frame: Queued, mut dropped: impl FnMut(&Queued)) {
        self.stamp(config, &mut frame);
        if frame.droppable() {
            if config.drop_policy == DropPolicy::Dedupe
                && let Some(at) = self.position_of_same(&frame)
            {
                self.remove(at, &mut dropped);
            }
            if !self.make_room(config, &frame, &mut dropped) {
                dropped(&frame);
                return;
            }
        }
        self.append(frame);
    }

    /// Appends a frame whatever the caps say.
    pub fn push_uncapped(&mut self, config: &Config, mut frame: Queued) {
        self.stamp(config, &mut frame);
        self.append(frame);
    }

    /// Takes the oldest frame.
    pub fn pop(&mut self) -> Option<Queued> {
        let frame = self.queue.pop_front()?;
        self.bytes -= frame.len();
        self.undroppable -= frame.undroppable_cost();
        if self.queue.is_empty() {
            // An idle session keeps nothing of a congestion that is over.
            self.queue = VecDeque::new();
        }
        Some(frame)
    }

    /// Discards everything.
    pub fn clear(&mut self) {
        self.queue = VecDeque::new();
        (self.bytes, self.undroppable) = (0, 0);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Frames that wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether more frames that can't be dropped wait than for any peer that reads them.
    pub fn overflows(&self, config: &Config) -> bool {
        let limit = config.max_queued_bytes.saturating_mul(OVERFLOW_FACTOR).saturating_add(MAX_PAYLOAD);
        self.undroppable > limit
    }

    fn append(&mut self, frame: Queued) {
        self.bytes += frame.len();
        self.undroppable += frame.undroppable_cost();
        self.queue.push_back(frame);
    }

    /// Evicts by policy until `frame` fits both caps; false when it is `frame` that has to go.
    fn make_room(&mut self, config: &Config, frame: &Queued, dropped: &mut impl FnMut(&Queued)) -> bool {
        loop {
            let fits = self.bytes + frame.len() <= config.max_queued_bytes && self.queue.len() < config.max_queue_count;
            // An empty queue admits any legal message: a cap below the size of one must not make it unsendable.
            if fits || self.queue.is_empty() {
                return true;
            }
            let victim = match config.drop_policy {
                DropPolicy::Newest => None,
                DropPolicy::Oldest => self.queue.iter().position(Queued::droppable),
                DropPolicy::Dedupe => self
                    .queue
                    .iter()
                    .position(|queued| queued.frame_type == frame.frame_type)
                    .or_else(|| self.queue.iter().position(Queued::droppable)),
            };
            match victim {
                Some(at) => self.remove(at, dropped),
                None => return false,
            }
        }
    }

    /// Drops the frame in this place, which has to be droppable.
    fn remove(&mut self, at: usize, dropped: &mut impl FnMut(&Queued)) {
        if let Some(frame) = self.queue.remove(at) {
            self.bytes -= frame.len();
            dropped(&frame);
        }
    }

    fn position_of_same(&self, frame: &Queued) -> Option<usize> {
        self.queue.iter().position(|queued| {
            queued.digest == frame.digest && queued.frame_type == frame.frame_type && queued.tail == frame.tail
        })
    }

    fn stamp(&mut self, config: &Config, frame: &mut Queued) {
        if config.drop_policy == DropPolicy::Dedupe && frame.droppable() {
            frame.digest = self.hasher.get_or_insert_default().hash_one(&frame.tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Frame;

    fn config(policy: DropPolicy, bytes: usize, count: usize) -> Config {
        Config { drop_policy: policy, max_queued_bytes: bytes, max_queue_count: count, ..Config::default() }
    }

    /// Pushes one frame and returns the numbers of the frames that were dropped for it.
    fn push(outbox: &mut Outbox, config: &Config, frame: Frame<'_>) -> Vec<u32> {
        let mut gone = Vec::new();
        let queued = Queued::new(frame.head(1), frame.tail(), frame.frame_type(), frame.ack());
        outbox.push(config, queued, |queued| gone.extend(queued.ack));
        gone
    }

    fn text(ack: u32, payload: &str) -> Frame<'_> {
        Frame::Utf8 { ack, payload: payload.as_bytes() }
    }

    fn left(outbox: &mut Outbox) -> Vec<u32> {
        std::iter::from_fn(|| outbox.pop()).filter_map(|queued| queued.ack).collect()
    }

    #[test]
    fn drop_oldest_keeps_both_caps_and_spares_control_frames() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Oldest, 60, 3);
        push(&mut outbox, &config, Frame::Error { ack: 0, payload: b"e" });
        assert!(push(&mut outbox, &config, text(1, "a")).is_empty());
        assert!(push(&mut outbox, &config, text(2, "b")).is_empty());
        assert_eq!(push(&mut outbox, &config, text(3, "c")), [1], "the count cap");
        assert_eq!(push(&mut outbox, &config, text(4, "0123456789012345678901")), [2, 3], "the byte cap");
        assert!(outbox.bytes() <= 60);
        assert_eq!(left(&mut outbox), [0, 4]);
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn drop_newest_discards_the_new_one() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Newest, 1000, 2);
        push(&mut outbox, &config, text(1, "a"));
        push(&mut outbox, &config, text(2, "b"));
        assert_eq!(push(&mut outbox, &config, text(3, "c")), [3]);
        assert_eq!(left(&mut outbox), [1, 2]);
    }

    #[test]
    fn dedupe_replaces_the_same_then_evicts_the_same_type() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Dedupe, 1000, 3);
        push(&mut outbox, &config, text(1, "a"));
        push(&mut outbox, &config, Frame::Binary { ack: 2, payload: b"a" });
        push(&mut outbox, &config, text(3, "b"));
        assert_eq!(push(&mut outbox, &config, text(4, "a")), [1], "same type and payload");
        assert_eq!(push(&mut outbox, &config, Frame::Binary { ack: 5, payload: b"c" }), [2], "the oldest of its type");
        assert_eq!(left(&mut outbox), [3, 4, 5]);
    }

    #[test]
    fn an_empty_queue_admits_any_message_and_control_frames_are_always_taken() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Oldest, 10, 1);
        assert!(push(&mut outbox, &config, text(1, "longer than ten bytes")).is_empty());
        assert!(push(&mut outbox, &config, Frame::TxFinish { ack: 2, tx_id: 0 }).is_empty());
        assert_eq!(push(&mut outbox, &config, text(3, "x")), [1, 3], "nothing else can make room");
        assert_eq!(left(&mut outbox), [2]);
    }

    #[test]
    fn what_can_not_be_dropped_overflows_above_four_caps_and_a_message() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Oldest, 1000, 1);
        let largest = vec![0; MAX_PAYLOAD];
        push(&mut outbox, &config, Frame::Error { ack: 0, payload: &largest });
        assert!(!outbox.overflows(&config), "an empty queue admits any message");
        push(&mut outbox, &config, Frame::Error { ack: 1, payload: &[0; 3000] });
        assert!(!outbox.overflows(&config));
        push(&mut outbox, &config, Frame::Error { ack: 2, payload: &[0; 1000] });
        assert!(outbox.overflows(&config));
    }

    #[test]
    fn what_can_be_dropped_does_not_overflow() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Oldest, 1000, usize::MAX);
        let empty = Frame::Utf8 { ack: 1, payload: &[] };
        for _ in 0..MAX_PAYLOAD / FRAME_COST {
            outbox.push_uncapped(&config, Queued::new(empty.head(1), empty.tail(), empty.frame_type(), empty.ack()));
        }
        push(&mut outbox, &config, Frame::Error { ack: 1, payload: &[0; 4000] });
        assert!(!outbox.overflows(&config));
        while outbox.pop().is_some() {}
        push(&mut outbox, &config, Frame::Error { ack: 2, payload: &vec![0; MAX_PAYLOAD] });
        assert!(!outbox.overflows(&config), "what has left counts no more");
        push(&mut outbox, &config, Frame::Error { ack: 3, payload: &[0; 4000] });
        assert!(outbox.overflows(&config));
        outbox.clear();
        assert!(!outbox.overflows(&config));
    }

    #[test]
    fn uncapped_frames_are_taken_and_then_known_to_dedupe() {
        let mut outbox = Outbox::default();
        let config = config(DropPolicy::Dedupe, 1000, 2);
        for ack in 1..=3 {
            let frame = text(ack, "same");
            outbox.push_uncapped(&config, Queued::new(frame.head(1), frame.tail(), frame.frame_type(), frame.ack()));
        }
        assert_eq!(push(&mut outbox, &config, text(4, "same")), [1, 2]);
        assert_eq!(left(&mut outbox), [3, 4]);
    }
}
