//! Buffers that large output has left behind, for the next large output: fresh memory each time would cost page faults.

use std::cell::RefCell;

/// Buffers kept by each thread.
const KEPT: usize = 16;

/// The largest buffer kept, in bytes.
const LARGEST: usize = 128 * 1024;

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for `more` bytes in `buffer`, if possible with a spare one.
pub(super) fn reserve(buffer: &mut Vec<u8>, more: usize) {
    let needed = buffer.len() + more;
    if needed <= buffer.capacity() {
        return;
    }
    let spare = SPARES.with_borrow_mut(|spares| spares.pop_if(|spare| spare.capacity() >= needed));
    match spare {
        Some(mut spare) => {
            spare.extend_from_slice(buffer);
            *buffer = spare;
        }
        None => buffer.reserve(more),
    }
}

/// Takes a buffer that is not needed any more.
pub(super) fn give(mut buffer: Vec<u8>) {
    buffer.clear();
    if buffer.capacity() <= LARGEST {
        SPARES.with_borrow_mut(|spares| {
            if spares.len() < KEPT {
                spares.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_buffer_takes_over_what_was_there() {
        let mut first = Vec::new();
        reserve(&mut first, 50_000);
        let place = first.as_ptr();
        give(first);
        let mut second = b"before".to_vec();
        reserve(&mut second, 40_000);
        assert_eq!((second.as_slice(), second.as_ptr()), (&b"before"[..], place));
        reserve(&mut second, 200_000);
        assert!(second.capacity() >= 200_006, "no spare is large enough");
        give(second);
        assert!(SPARES.with_borrow(Vec::is_empty), "too large to be kept");
    }
}
