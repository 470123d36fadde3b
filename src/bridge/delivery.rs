//! Batches of events, portion by portion, into arrays that JavaScript owns and reads without further calls.

use std::sync::Arc;

use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::events::batch::{Batch, LARGE_FLAG, WORDS};
use crate::server::http::relay::Relay;

/// The batch being delivered, and the sessions JavaScript knows.
#[derive(Default)]
pub struct Delivery {
    batch: Batch,
    /// Words and bytes of the batch that JavaScript has.
    words: usize,
    bytes: usize,
    /// Sessions by slot, so that commands need no lock to find them.
    links: Vec<Option<Arc<Link>>>,
}

impl Delivery {
    /// The session in a slot.
    pub fn link(&self, slot: u32) -> Option<&Arc<Link>> {
        self.links.get(slot as usize)?.as_ref()
    }

    /// JavaScript has handled the session's end: takes it out.
    pub fn forget(&mut self, slot: u32) -> Option<Arc<Link>> {
        self.links.get_mut(slot as usize)?.take()
    }

    /// Whether JavaScript has everything of the batch.
    pub fn is_through(&self) -> bool {
        self.words >= self.batch.words.len()
    }

    /// Fills the arrays with the next events that fit; how many there are. None means that the next event wakes anew.
    pub fn next(&mut self, shared: &Shared, words: &mut [u32], bytes: &mut [u8]) -> usize {
        if self.is_through() {
            (self.words, self.bytes) = (0, 0);
            match shared.inbox.next(std::mem::take(&mut self.batch)) {
                Some(batch) => self.batch = batch,
                None => return 0,
            }
            for link in self.batch.opened.drain(..) {
                let index = link.slot as usize;
                if self.links.len() <= index {
                    self.links.resize(index + 1, None);
                }
                if let Some(entry) = self.links.get_mut(index) {
                    *entry = Some(link);
                }
            }
        }
        self.copy(words, bytes)
    }

    /// The next large payloads, which together are as long as `target`. False where they are not.
    pub fn take_large(&mut self, target: &mut [u8]) -> bool {
        self.batch.large.take(target)
    }

    /// The next large payload is not wanted.
    pub fn skip_large(&mut self) {
        self.batch.large.skip();
    }

    /// The next large payload, which is a parcel.
    pub fn take_parcel(&mut self) -> Option<(Vec<u8>, usize)> {
        self.batch.large.take_parcel()
    }

    /// The connection of the next `HttpOpened` event. Another may then be on its way.
    pub fn take_relay(&mut self) -> Option<Arc<Relay>> {
        self.batch.relays.pop_front().map(|(relay, _)| relay)
    }

    fn copy(&mut self, words: &mut [u32], bytes: &mut [u8]) -> usize {
        let rest = self.batch.words.get(self.words..).unwrap_or_default();
        let (mut events, mut length) = (0, 0);
        for event in rest.chunks_exact(WORDS).take(words.len() / WORDS) {
            let [_, code, .., payload] = event else { break };
            let payload = if code >> 8 & LARGE_FLAG == 0 { *payload as usize } else { 0 };
            if length + payload > bytes.len() {
                break;
            }
            length += payload;
            events += 1;
        }
        let (Some(from), Some(to)) = (rest.get(..events * WORDS), words.get_mut(..events * WORDS)) else { return 0 };
        to.copy_from_slice(from);
        let payloads = self.batch.bytes.get(self.bytes..self.bytes + length);
        if let (Some(from), Some(to)) = (payloads, bytes.get_mut(..length)) {
            to.copy_from_slice(from);
        }
        self.words += events * WORDS;
        self.bytes += length;
        events
    }
}
