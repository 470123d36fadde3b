//! How much a session has received that the application has not handled yet, and whether the socket may be read.

/// What one event costs besides its payload, in bytes, so that a flood of empty messages counts too.
pub const EVENT_COST: usize = 64;

/// What the beginning of a stream costs instead: the application makes an object of it, and other sessions' events wait behind it. With the default
/// `maxUnreadBytes`, 128 of them may be on their way at once.
pub const STREAM_COST: usize = 8192;

/// Counts per batch: the events of a batch count as handled when the batch is done, which needs no work per session then.
#[derive(Debug, Default)]
pub struct Intake {
    /// Batch number and bytes of the two batches that can be under way: one being filled, one being delivered.
    batches: [(u64, usize); 2],
    /// Bytes that the application has taken out of a batch but still holds: messages before their hooks, stream data nobody has read.
    held: usize,
}

impl Intake {
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
        let mut intake = Intake::default();
        intake.received(1, 100);
        intake.received(1, 100);
        intake.received(2, 50);
        assert_eq!(intake.unread(0), 250 + 3 * EVENT_COST);
        assert_eq!(intake.unread(1), 50 + EVENT_COST);
        assert_eq!(intake.unread(2), 0);
        intake.received(3, 7);
        assert_eq!(intake.unread(2), 7 + EVENT_COST);
    }

    #[test]
    fn what_is_held_counts_until_it_is_released() {
        let mut intake = Intake::default();
        intake.hold(30);
        assert_eq!(intake.unread(9), 30);
        intake.release(40);
        assert_eq!(intake.unread(9), 0);
    }
}
