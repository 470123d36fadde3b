//! The class that `lib/bridge/parcels.js` holds for a payload so large that it is taken over step by step.

use std::cell::RefCell;

use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;

use super::yield_cpu::yield_cpu;

/// Bytes taken over at a time: with fresh memory for them some 100 us, in which the event loop serves nobody else.
const STEP: usize = 256 << 10;

/// Such a payload, as the end of the frame that it came in.
#[napi]
pub struct NativeParcel {
    frame: RefCell<Vec<u8>>,
    start: usize,
}

impl NativeParcel {
    /// The part of `frame` from `start` on.
    pub fn new(frame: Vec<u8>, start: usize) -> Self {
        Self { frame: RefCell::new(frame), start }
    }
}

#[napi]
impl NativeParcel {
    /// Copies a step more to `target`, which is as long as the payload, and frees as much. True when that was the last.
    #[napi(catch_unwind)]
    pub fn step(&self, mut target: Uint8ArraySlice<'_>) -> bool {
        let Ok(mut frame) = self.frame.try_borrow_mut() else { return false };
        // SAFETY: the caller has made the array, has given it to nobody yet, and waits for this call.
        let through = step(&mut frame, self.start, unsafe { target.as_mut() });
        yield_cpu();
        through
    }

    /// Frees what is left, which nobody wants any more: JavaScript's garbage collector does not know how much it is.
    #[napi]
    pub fn discard(&self) {
        if let Ok(mut frame) = self.frame.try_borrow_mut() {
            *frame = Vec::new();
        }
    }
}

/// From the end, because a buffer gives back memory there.
fn step(frame: &mut Vec<u8>, start: usize, target: &mut [u8]) -> bool {
    let end = frame.len().saturating_sub(start);
    let begin = end.saturating_sub(STEP);
    let (Some(bytes), Some(place)) = (frame.get(start + begin..), target.get_mut(begin..end)) else { return true };
    place.copy_from_slice(bytes);
    frame.truncate(start + begin);
    frame.shrink_to(if begin == 0 { 0 } else { frame.len() });
    begin == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_copies_a_piece_and_frees_it() {
        let payload: Vec<u8> = (0..2 * STEP + 7).map(|at| (at / 1000) as u8).collect();
        let mut frame = [b"head", &payload[..]].concat();
        let mut target = vec![0; payload.len()];
        let steps: Vec<_> = (0..3).map(|_| (step(&mut frame, 4, &mut target), frame.capacity())).collect();
        assert_eq!(steps, [(false, 4 + STEP + 7), (false, 4 + 7), (true, 4)]);
        assert_eq!(target, payload);
    }

    #[test]
    fn one_that_is_discarded_keeps_no_memory() {
        let parcel = NativeParcel::new(vec![7; STEP], 4);
        parcel.discard();
        assert_eq!(parcel.frame.borrow().capacity(), 0);
    }

    #[test]
    fn a_target_that_is_too_short_ends_it() {
        assert!(step(&mut vec![1; STEP], 0, &mut [0; 9]));
        assert!(step(&mut Vec::new(), 4, &mut []));
    }
}
