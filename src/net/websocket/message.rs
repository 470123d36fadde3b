//! A message that is being put together from several reads or fragments.

use super::{Item, Payload, Violation};

/// The most fragments one message may come in: a flood of empty ones would never reach any limit in bytes.
pub const MAX_FRAGMENTS: u32 = 16_384;

/// How many bytes are allocated ahead of those that have come, on the mere word of a frame header.
const MAX_AHEAD: usize = 256 * 1024;

pub(super) const NOT_UTF8: Violation = Violation::utf8("text message is not UTF-8");

/// The part of a message that has come so far.
#[derive(Debug)]
pub(super) struct PartialMessage {
    bytes: Vec<u8>,
    /// How many of the bytes are checked, whole characters of text.
    checked: usize,
    is_text: bool,
    fragments: u32,
}

impl PartialMessage {
    /// A message whose first frame has begun.
    pub(super) fn new(is_text: bool) -> Self {
        Self { bytes: Vec::new(), checked: 0, is_text, fragments: 1 }
    }

    /// Length in bytes, so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Counts one more fragment.
    pub(super) fn next_fragment(&mut self) -> Result<(), Violation> {
        self.fragments += 1;
        if self.fragments > MAX_FRAGMENTS {
            return Err(Violation::policy("message of too many fragments"));
        }
        Ok(())
    }

    /// Adds unmasked payload; `to_come` bytes of the same frame are still missing.
    pub(super) fn append(&mut self, payload: &[u8], to_come: usize) -> Result<(), Violation> {
        if self.bytes.capacity() - self.bytes.len() < payload.len() {
            // Doubling, so that a long message is not copied over and over, but never beyond what was announced.
            let ahead = to_come.min(self.bytes.len().max(MAX_AHEAD));
            self.bytes.reserve_exact(payload.len() + ahead);
        }
        self.bytes.extend_from_slice(payload);
        if self.is_text { self.check_text() } else { Ok(()) }
    }

    /// Fails on the first byte that can't be part of UTF-8, without waiting for the message's end.
    fn check_text(&mut self) -> Result<(), Violation> {
        match str::from_utf8(self.bytes.get(self.checked..).unwrap_or_default()) {
            Ok(_) => self.checked = self.bytes.len(),
            // Cut within a character: the rest of it may be under way.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }

    /// The complete message.
    pub(super) fn finish(self) -> Result<Item<'static>, Violation> {
        if self.is_text && self.checked != self.bytes.len() {
            return Err(NOT_UTF8);
        }
        Ok(Item::message(self.is_text, Payload::Owned(self.bytes)))
    }
}
