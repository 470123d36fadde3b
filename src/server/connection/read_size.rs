//! How much of a socket is read at a time: much where it holds large messages, little where it holds many small ones. All other sockets wait
//! meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::session::Micros;

/// Bytes of the buffer that sockets are read to. Half of it costs an eighth of an upload's throughput.
pub const LARGEST: usize = 512 * 1024;

/// The most to read at a time while other sessions send short messages: those would wait for several such readings.
const MODEST: usize = 128 * 1024;

/// In microseconds, how long somebody counts who has sent a short message.
const REMEMBERED: Micros = 100_000;

/// Bytes read of a socket of which nothing is known yet.
const FIRST: usize = 16 * 1024;

/// Bytes from which on a system call costs less than what the shortest messages in them do.
const SMALLEST: usize = 2 * 1024;

/// Messages, and control frames, that are aimed at: those of one reading are handled within a millisecond or two.
const ITEMS: usize = 256;

/// Adapts to what a peer sends.
#[derive(Debug, Clone, Copy)]
pub struct ReadSize(usize);

impl Default for ReadSize {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl ReadSize {
    /// Bytes to read next.
    pub fn bytes(self) -> usize {
        self.0
    }

    /// `bytes` were read, and `items` were in them.
    pub fn learn(&mut self, bytes: usize, items: usize) {
        if items > ITEMS {
            self.0 = (bytes * ITEMS / items).max(SMALLEST);
        } else if bytes >= self.0 && items <= ITEMS / 2 {
            self.0 = (self.0 * 2).min(LARGEST);
        }
    }
}

/// Who among a server's sessions sends short messages. Both threads note what they read, without a lock: what one of them sees half of makes a
/// reading larger or smaller than it should be, and nothing else. On a cache line of its own, as what it would share one with is read by both
/// threads all the time.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Neighbours {
    /// Who sent one last, and when: 0 for never.
    who: AtomicU64,
    last: AtomicU64,
    /// When anybody else did, last.
    other: AtomicU64,
}

impl Neighbours {
    /// Bytes of session `who` that may be read at a time.
    pub fn most(&self, who: u64, now: Micros) -> usize {
        let moment = if self.who.load(Ordering::Relaxed) == who { &self.other } else { &self.last };
        let moment = moment.load(Ordering::Relaxed);
        if moment > 0 && now.saturating_sub(moment) < REMEMBERED { MODEST } else { LARGEST }
    }

    /// Session `who` has sent short messages and no others.
    pub fn note(&self, who: u64, now: Micros) {
        if self.who.load(Ordering::Relaxed) != who {
            self.other.store(self.last.load(Ordering::Relaxed), Ordering::Relaxed);
            self.who.store(who, Ordering::Relaxed);
        }
        self.last.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a socket that always has more, in frames of `frame` bytes, when the size has settled.
    fn settled(mut size: ReadSize, frame: usize) -> ReadSize {
        for _ in 0..10 {
            size.learn(size.bytes(), size.bytes() / frame);
        }
        size
    }

    #[test]
    fn grows_with_large_messages_and_shrinks_with_small_ones() {
        let large = settled(ReadSize::default(), 20_000);
        assert_eq!(large.bytes(), LARGEST);
        let small = settled(large, 20);
        assert_eq!(small.bytes() / 20, ITEMS);
        assert_eq!(settled(small, 6).bytes(), SMALLEST);
        assert_eq!(settled(small, 20_000).bytes(), LARGEST);
    }

    #[test]
    fn stays_where_there_is_no_more() {
        let mut size = ReadSize::default();
        size.learn(FIRST - 1, 1);
        assert_eq!(size.bytes(), FIRST);
    }

    #[test]
    fn reads_less_while_somebody_else_sends_short_messages() {
        let neighbours = Neighbours::default();
        let most = |now| [1, 2, 3].map(|who| neighbours.most(who, now));
        assert_eq!(most(1_000), [LARGEST; 3]);
        neighbours.note(1, 5_000);
        assert_eq!(most(5_000), [LARGEST, MODEST, MODEST]);
        neighbours.note(2, 6_000);
        neighbours.note(2, 7_000);
        assert_eq!(most(7_000), [MODEST; 3]);
        assert_eq!(most(5_000 + REMEMBERED), [MODEST, LARGEST, MODEST]);
        assert_eq!(most(7_000 + REMEMBERED - 1), [MODEST, LARGEST, MODEST]);
        assert_eq!(most(7_000 + REMEMBERED), [LARGEST; 3]);
    }
}
