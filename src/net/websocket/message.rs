//! A message that is being put together from several reads or fragments.

use super::{Item, Payload, Violation};

/// The most small fragments one message may go on in: a flood of empty ones would never reach any limit in bytes, one of tiny ones late.
pub const MAX_SMALL_FRAGMENTS: u32 = 16_384;

/// From how many bytes on a fragment is not small. Autobahn's test suite sends 4 MiB in fragments of 64 bytes.
const SMALL: u64 = 64;

/// How many bytes are allocated ahead of those that have come, on the mere word of a frame header.
const MAX_AHEAD: usize = 256 * 1024;

/// How many bytes must have come until a header is believed: moving a long message to more room once more would take ms, in which nobody is served.
const BELIEVED_FROM: usize = 1024 * 1024;

pub(super) const NOT_UTF8: Violation = Violation::utf8("text message is not UTF-8");

/// The part of a message that has come so far.
#[derive(Debug)]
pub(super) struct PartialMessage {
    bytes: Vec<u8>,
    /// How many of the bytes are checked, whole characters of text.
    checked: usize,
    is_text: bool,
    /// A first fragment has been followed by others.
    fragmented: bool,
    small_fragments: u32,
}

impl PartialMessage {
    /// A message whose first frame has begun.
    pub(super) fn new(is_text: bool) -> Self {
        Self { bytes: Vec::new(), checked: 0, is_text, fragmented: false, small_fragments: 0 }
    }

    /// Length in bytes, so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Admits one more fragment, of `len` bytes.
    pub(super) fn next_fragment(&mut self, len: u64) -> Result<(), Violation> {
        self.fragmented = true;
        self.small_fragments += u32::from(len < SMALL);
        if self.small_fragments > MAX_SMALL_FRAGMENTS {
            return Err(Violation::policy("message of too many small fragments"));
        }
        Ok(())
    }

    /// Adds unmasked payload; `to_come` bytes of the same frame are still missing, and the message `ends` with it or not.
    pub(super) fn append(&mut self, payload: &[u8], to_come: usize, ends: bool) -> Result<(), Violation> {
        if self.bytes.capacity() - self.bytes.len() < payload.len() {
            // Doubling, so that a long message is not copied over and over; in one frame never beyond what was announced. How many fragments
            // there will be, nobody says.
            let believed = if self.len() < BELIEVED_FROM { self.len().max(MAX_AHEAD) } else { to_come };
            let more = payload.len() + to_come.min(believed);
            if self.fragmented { self.bytes.reserve(more) } else { self.bytes.reserve_exact(more) }
        }
        self.bytes.extend_from_slice(payload);
        if self.is_text { self.check_text(ends) } else { Ok(()) }
    }

    /// Fails on the first byte that can't be part of UTF-8, without waiting for the message's end.
    fn check_text(&mut self, ends: bool) -> Result<(), Violation> {
        match str::from_utf8(self.bytes.get(self.checked..).unwrap_or_default()) {
            Ok(_) => self.checked = self.bytes.len(),
            // Cut within a character: the rest of it may be under way.
            Err(error) if error.error_len().is_none() && !ends => self.checked += error.valid_up_to(),
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }

    /// The part itself, of a message that will not be completed.
    pub(super) fn abandon(self) -> Vec<u8> {
        self.bytes
    }

    /// The complete message, in no more memory than it needs: it may have to wait for the application.
    pub(super) fn finish(mut self) -> Item<'static> {
        self.bytes.shrink_to_fit();
        Item::message(self.is_text, Payload::Owned(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_frame_is_believed_when_some_of_it_has_come_and_not_moved_again() {
        let mut message = PartialMessage::new(false);
        let (piece, whole) = (vec![7; 64 * 1024], 16 << 20);
        let (mut late_moves, mut ahead) = (0, 0);
        for n in 0..whole / piece.len() {
            let (length, room) = (message.len(), message.bytes.capacity());
            message.append(&piece, whole - length - piece.len(), false).expect("bytes");
            late_moves += u32::from(length > 2 * BELIEVED_FROM && message.bytes.capacity() != room);
            if length < BELIEVED_FROM {
                ahead = ahead.max(message.bytes.capacity() - message.len());
            }
            assert_eq!(message.len(), (n + 1) * piece.len());
        }
        assert_eq!(late_moves, 0);
        assert!(ahead <= BELIEVED_FROM, "{ahead} bytes on the mere word of a header");
        assert_eq!(message.bytes.capacity(), whole, "never more than was announced");
    }

    #[test]
    fn fragments_are_not_copied_each_time_one_comes_and_leave_no_room_behind() {
        let mut message = PartialMessage::new(false);
        let mut moves = 0;
        for _ in 0..10_000 {
            let room = message.bytes.capacity();
            message.append(&[7; 100], 0, false).expect("bytes");
            moves += u32::from(message.bytes.capacity() != room);
            assert!(message.bytes.capacity() <= 2 * message.len());
            message.next_fragment(100).expect("not small");
        }
        assert!(moves < 20, "moved {moves} times");
        let Item::Binary(Payload::Owned(bytes)) = message.finish() else { panic!("no message") };
        assert_eq!((bytes.len(), bytes.capacity()), (1_000_000, 1_000_000));
    }
}
