//! How much of a socket is read at a time: much where it holds large messages, little where it holds many small ones. All other sockets wait
//! meanwhile.

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

/// Whether sessions beside the one that is read send short messages.
#[derive(Debug, Default)]
pub struct Neighbours {
    now: Micros,
    /// When a short message came last.
    short: Option<Micros>,
}

impl Neighbours {
    /// Bytes that may be read at a time. `elsewhere` is when another thread read a short message last.
    pub fn most(&self, elsewhere: Option<Micros>) -> usize {
        let is_recent = |moment: Micros| self.now.saturating_sub(moment) < REMEMBERED;
        if self.short.max(elsewhere).is_some_and(is_recent) { MODEST } else { LARGEST }
    }

    /// What has been read, and whether it was `short` messages.
    pub fn note(&mut self, now: Micros, short: bool) {
        self.now = now;
        if short {
            self.short = Some(now);
        }
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
    fn reads_less_while_somebody_sends_short_messages() {
        let mut neighbours = Neighbours::default();
        assert_eq!(neighbours.most(None), LARGEST);
        neighbours.note(5_000, true);
        assert_eq!(neighbours.most(None), MODEST);
        neighbours.note(5_000 + REMEMBERED - 1, false);
        assert_eq!(neighbours.most(None), MODEST);
        neighbours.note(5_000 + REMEMBERED, false);
        assert_eq!(neighbours.most(None), LARGEST);
        assert_eq!(neighbours.most(Some(5_001)), MODEST);
    }
}
