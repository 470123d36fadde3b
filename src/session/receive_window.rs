//! How much a session has received that the application has not handled yet, and whether the socket may be read.

/// What one event costs besides its payload, in bytes, so that a flood of empty messages counts too.
pub const EVENT_COST: usize = 64;

/// What the beginning of a stream costs instead: the application makes an object of it, and other sessions' events wait behind it. With the default
/// `maxUnreadBytes`, 128 of them may be on their way at once.
pub const STREAM_COST: usize = 8192;

/// What a chunk of a stream costs instead: the application keeps it as a Buffer of its own until it is read, which takes that much.
pub const CHUNK_COST: usize = 384;

/// By how many bits the limit may be raised.
const MOST_RAISED: u32 = 4;

/// Counts per batch: the events of a batch count as handled when the batch is done, which needs no work per session then.
#[derive(Debug)]
pub struct ReceiveWindow {
    /// Batch number and bytes of the two batches that can be under way: one being filled, one being delivered.
    batches: [(u64, usize); 2],
    /// Bytes that the application has taken out of a batch but still holds: messages before their hooks, stream data nobody has read.
    held: usize,
    /// Bytes from which on the socket is not read.
    limit: usize,
    /// By how many bits that is raised.
    raised: u32,
    /// Whether the application has handled any of what it holds lately.
    moved: bool,
}

impl ReceiveWindow {
    /// One with so many bytes as its limit.
    pub fn new(limit: usize) -> Self {
        Self { batches: [(0, 0); 2], held: 0, limit, raised: 0, moved: false }
    }

    /// `bytes` of payload went into batch `number`.
    #[allow(clippy::indexing_slicing, reason = "there are two, for numbers even and odd")]
    pub fn received(&mut self, number: u64, bytes: usize) {
        let slot = &mut self.batches[(number & 1) as usize];
        if slot.0 != number {
            *slot = (number, 0);
        }
        slot.1 += bytes + EVENT_COST;
    }

    /// The application keeps `bytes` beyond their batch.
    pub fn hold(&mut self, bytes: usize) {
        self.held += bytes;
    }

    /// The application has handled `bytes` it held.
    pub fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        self.moved = true;
        if self.held < self.limit {
            self.raised = 0;
        }
    }

    /// Whether the socket is not to be read, when all batches up to and with number `done` are handled.
    pub fn is_full(&self, done: u64) -> bool {
        self.unread(done) >= self.raised_limit()
    }

    /// To be called now and then while the session waits for an ACK, be it late. If the application has handled nothing since the last call, and
    /// what it holds keeps the socket from being read, it may itself wait for that ACK, which stands behind what is not read: the limit is
    /// doubled each time, up to 16 times its value, until there is less to handle again. True when it was.
    pub fn raise_if_stalled(&mut self) -> bool {
        let raises = !std::mem::replace(&mut self.moved, false) && self.may_be_raised();
        self.raised += u32::from(raises);
        raises
    }

    /// Whether a call of [`raise_if_stalled`](Self::raise_if_stalled) can make a difference: what the application holds keeps the socket from being
    /// read, and the limit is not at its highest.
    pub fn may_be_raised(&self) -> bool {
        self.raised < MOST_RAISED && self.holds_too_much()
    }

    /// Whether what the application holds is enough to keep the socket from being read, whatever becomes of the batches.
    pub fn holds_too_much(&self) -> bool {
        self.held >= self.raised_limit()
    }

    fn raised_limit(&self) -> usize {
        self.limit.saturating_mul(1 << self.raised)
    }

    /// Bytes not handled, when all batches up to and with number `done` are.
    pub fn unread(&self, done: u64) -> usize {
        let waiting = self.batches.iter().filter(|(number, _)| *number > done);
        waiting.map(|(_, bytes)| bytes).sum::<usize>() + self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_until_it_is_done() {
        let mut window = ReceiveWindow::new(1000);
        window.received(1, 100);
        window.received(1, 100);
        window.received(2, 50);
        assert_eq!(window.unread(0), 250 + 3 * EVENT_COST);
        assert_eq!(window.unread(1), 50 + EVENT_COST);
        assert_eq!(window.unread(2), 0);
        window.received(3, 7);
        assert_eq!(window.unread(2), 7 + EVENT_COST);
    }

    #[test]
    fn what_is_held_counts_until_it_is_released() {
        let mut window = ReceiveWindow::new(1000);
        window.hold(30);
        assert_eq!(window.unread(9), 30);
        window.release(40);
        assert_eq!(window.unread(9), 0);
    }

    #[test]
    fn the_limit_is_raised_while_nothing_is_handled_of_what_reaches_it() {
        let mut window = ReceiveWindow::new(100);
        window.hold(99);
        assert!(!window.raise_if_stalled(), "the socket is read");
        window.hold(1);
        window.release(0);
        assert!(!window.raise_if_stalled(), "the application has handled something");
        for times in [2, 4, 8, 16] {
            assert!(window.is_full(0));
            assert!(window.may_be_raised() && window.raise_if_stalled());
            assert!(!window.is_full(0) && !window.may_be_raised());
            window.hold(100 * times - window.unread(0));
        }
        assert!(window.is_full(0) && !window.may_be_raised(), "16 times, and no more");
        assert!(!window.raise_if_stalled());
        window.release(1501);
        assert!(!window.is_full(0));
        window.hold(1);
        assert!(window.is_full(0), "it is as it was");
    }

    #[test]
    fn a_limit_of_any_size_can_be_raised() {
        let mut window = ReceiveWindow::new(usize::MAX);
        window.hold(usize::MAX);
        assert!(window.raise_if_stalled() && window.is_full(0));
    }
}
