//! Large payloads on their way to the application: apart from the small ones, so that each is copied to where the application wants it,
//! and not through the common array.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::session::Body;

/// Size in bytes from which on a payload is a parcel: the application takes it over step by step, later than its event. It counts for its session
/// alone: while one is on its way, the others are read.
pub const PARCEL: usize = 1 << 20;

/// A queue of payloads.
#[derive(Debug, Default)]
pub struct LargePayloads {
    queue: VecDeque<Place>,
    /// Memory for those that were borrowed, used again for each batch: fresh memory for each payload would cost page faults.
    slab: Vec<u8>,
    bytes: usize,
}

/// Where a payload is.
#[derive(Debug)]
enum Place {
    /// In the slab.
    Slab(Range<usize>),
    /// The message was put together from several reads: the payload is the end of it.
    Own(Vec<u8>, usize),
}

impl LargePayloads {
    /// Bytes of all payloads but parcels.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds one.
    pub fn push(&mut self, body: Body<'_>) {
        let payload = body.as_slice();
        if payload.len() < PARCEL {
            self.bytes += payload.len();
        }
        let place = match body.into_frame() {
            (Cow::Owned(frame), start) => Place::Own(frame, start),
            (Cow::Borrowed(frame), start) => {
                let begin = self.slab.len();
                self.slab.extend_from_slice(frame.get(start..).unwrap_or_default());
                Place::Slab(begin..self.slab.len())
            }
        };
        self.queue.push_back(place);
    }

    /// Takes the next ones out and copies them to `target`, one after the other, until it is full. False where their lengths don't add up to it:
    /// then all are still there.
    pub fn take(&mut self, mut target: &mut [u8]) -> bool {
        let mut count = 0;
        while !target.is_empty() {
            let payload = match self.queue.get(count) {
                Some(Place::Slab(range)) => self.slab.get(range.clone()),
                Some(Place::Own(frame, start)) => frame.get(*start..),
                None => None,
            };
            let Some((to, rest)) = payload.and_then(|payload| target.split_at_mut_checked(payload.len())) else {
                return false;
            };
            to.copy_from_slice(payload.unwrap_or_default());
            target = rest;
            count += 1;
        }
        self.queue.drain(..count);
        true
    }

    /// Forgets the next one, so that those behind it have their turn.
    pub fn skip(&mut self) {
        self.queue.pop_front();
    }

    /// Takes the next one out, a parcel, as the end of a frame: the frame, and where in it the payload starts.
    pub fn take_parcel(&mut self) -> Option<(Vec<u8>, usize)> {
        match self.queue.pop_front()? {
            Place::Own(frame, start) => Some((frame, start)),
            Place::Slab(range) => Some((self.slab.get(range)?.to_vec(), 0)),
        }
    }

    /// Moves those of `other` behind its own.
    pub fn append(&mut self, other: &mut LargePayloads) {
        let offset = self.slab.len();
        self.slab.append(&mut other.slab);
        self.queue.extend(other.queue.drain(..).map(|place| match place {
            Place::Slab(range) => Place::Slab(range.start + offset..range.end + offset),
            own @ Place::Own(..) => own,
        }));
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// Forgets them all but keeps up to `keep` bytes of memory.
    pub fn recycle(&mut self, keep: usize) {
        self.queue.clear();
        self.slab.clear();
        self.slab.shrink_to(keep);
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(payloads: &mut LargePayloads, length: usize) -> Option<Vec<u8>> {
        let mut target = vec![0; length];
        payloads.take(&mut target).then_some(target)
    }

    #[test]
    fn borrowed_and_owned_ones_keep_their_order_also_when_moved() {
        let (mut first, mut second) = (LargePayloads::default(), LargePayloads::default());
        first.push(Body::new(Cow::Borrowed(b"head one"), 5));
        second.push(Body::new(Cow::Owned(b"head four".to_vec()), 5));
        second.push(Body::new(Cow::Borrowed(b"head seven"), 5));
        assert_eq!((first.bytes(), second.bytes()), (3, 9));
        first.append(&mut second);
        assert_eq!((first.bytes(), second.bytes()), (12, 0));
        assert_eq!(taken(&mut first, 7), Some(b"onefour".to_vec()), "two at once");
        assert_eq!(taken(&mut first, 5), Some(b"seven".to_vec()));
        assert_eq!(taken(&mut first, 5), None, "no more");
    }

    #[test]
    fn a_parcel_changes_hands_and_does_not_count() {
        let mut payloads = LargePayloads::default();
        let frame = vec![7; 5 + PARCEL];
        let memory = frame.as_ptr();
        payloads.push(Body::new(Cow::Owned(frame), 5));
        payloads.push(Body::new(Cow::Borrowed(&[8; PARCEL]), 1));
        assert_eq!(payloads.bytes(), PARCEL - 1);
        let parcel = payloads.take_parcel();
        assert!(parcel.is_some_and(|(frame, start)| frame.as_ptr() == memory && start == 5), "it is not copied");
        assert_eq!(payloads.take_parcel(), Some((vec![8; PARCEL - 1], 0)));
        assert_eq!(payloads.take_parcel(), None);
    }

    #[test]
    fn a_target_that_they_do_not_fit_is_refused() {
        let mut payloads = LargePayloads::default();
        payloads.push(Body::new(Cow::Borrowed(b"four"), 0));
        payloads.push(Body::new(Cow::Borrowed(b"eight"), 0));
        payloads.push(Body::new(Cow::Borrowed(b"last"), 0));
        for length in [3, 5, 14] {
            assert_eq!(taken(&mut payloads, length), None);
        }
        assert_eq!(taken(&mut payloads, 9), Some(b"foureight".to_vec()), "they are still there");
        assert_eq!(taken(&mut payloads, 4), Some(b"last".to_vec()));
        payloads.recycle(2);
        assert!(payloads.slab.capacity() <= 2 && payloads.bytes() == 0);
    }

    #[test]
    fn one_that_is_skipped_leaves_the_others_as_they_are() {
        let mut payloads = LargePayloads::default();
        payloads.push(Body::new(Cow::Owned(b"one".to_vec()), 0));
        payloads.push(Body::new(Cow::Borrowed(b"two"), 0));
        payloads.push(Body::new(Cow::Owned(b"three".to_vec()), 0));
        payloads.skip();
        assert_eq!(taken(&mut payloads, 3), Some(b"two".to_vec()));
        payloads.skip();
        payloads.skip();
        assert_eq!(taken(&mut payloads, 5), None, "no more");
    }
}
