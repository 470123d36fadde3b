//! How many bytes of our streams stand between the application and the socket, so that a source is read no faster than the socket takes it.

use std::collections::VecDeque;

/// Counts the chunks that were sent and that the socket has not taken yet. Other frames stand between them, so each
/// chunk is known by where in the output it ends.
#[derive(Debug, Default)]
pub(super) struct Transit {
    /// Bytes of chunks in the outbox.
    queued: usize,
    /// Chunks handed to the wire: the position in the output behind each, and its bytes.
    wired: VecDeque<(u64, usize)>,
    /// Bytes of those.
    wired_bytes: usize,
    /// Somebody waits until no more bytes than this are left.
    awaited: Option<usize>,
}

impl Transit {
    /// A chunk of `bytes` bytes went to the outbox.
    pub(super) fn queue(&mut self, bytes: usize) {
        self.queued += bytes;
    }

    /// A chunk left the outbox.
    pub(super) fn unqueue(&mut self, bytes: usize) {
        self.queued = self.queued.saturating_sub(bytes);
    }

    /// A chunk went to the wire and ends at `position` of the output.
    pub(super) fn wire(&mut self, position: u64, bytes: usize) {
        self.wired.push_back((position, bytes));
        self.wired_bytes += bytes;
    }

    /// The next [`room`](Self::room) is due when no more than `left` bytes are left.
    pub(super) fn await_room(&mut self, left: usize) {
        self.awaited = Some(left);
    }

    /// The socket has taken the output up to `position`: how many bytes of chunks are left, if somebody waited for so few.
    pub(super) fn room(&mut self, position: u64) -> Option<usize> {
        while let Some(&(end, bytes)) = self.wired.front()
            && end <= position
        {
            self.wired.pop_front();
            self.wired_bytes -= bytes;
        }
        if self.wired.is_empty() {
            // An idle session keeps nothing of a stream that is over.
            self.wired = VecDeque::new();
        }
        let left = self.queued + self.wired_bytes;
        self.awaited.take_if(|most| left <= *most).map(|_| left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_once_and_only_when_somebody_waits() {
        let mut transit = Transit::default();
        transit.wire(120, 100);
        transit.wire(250, 100);
        assert_eq!(transit.room(120), None, "nobody waits");
        transit.await_room(50);
        assert_eq!(transit.room(249), None, "the second chunk has not left whole");
        assert_eq!(transit.room(250), Some(0));
        assert_eq!(transit.room(250), None, "told once");
    }

    #[test]
    fn what_waits_in_the_outbox_counts_until_it_has_passed_the_wire() {
        let mut transit = Transit::default();
        transit.queue(40);
        transit.await_room(0);
        assert_eq!(transit.room(1000), None);
        transit.unqueue(40);
        transit.wire(1053, 40);
        assert_eq!(transit.room(1052), None);
        assert_eq!(transit.room(1053), Some(0));
    }
}
