//! Large memory is given back a little at a time: the system takes some ms to unmap 16 MiB, in which nobody would be served.

use std::time::Duration;

use tokio::runtime::Handle;

/// Bytes given back at a time: some 100 µs.
const STEP: usize = 512 << 10;

/// The time between two steps, in which the others have their turn.
const PAUSE: Duration = Duration::from_millis(1);

/// Frees `bytes`, step by step beside the calling runtime's other tasks.
pub fn gradually(mut bytes: Vec<u8>) {
    if bytes.capacity() <= STEP {
        return;
    }
    // Without one it is the runtime's end, or the JavaScript thread, which never has so much: a message in pieces has its socket given back early.
    let Ok(runtime) = Handle::try_current() else { return };
    bytes.clear();
    runtime.spawn(async move {
        while step(&mut bytes) {
            tokio::time::sleep(PAUSE).await;
        }
    });
}

/// Frees a part of an empty buffer; whether that is not the rest of it.
fn step(bytes: &mut Vec<u8>) -> bool {
    bytes.shrink_to(bytes.capacity().saturating_sub(STEP));
    bytes.capacity() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_frees_no_more_than_it_should() {
        let mut bytes = Vec::with_capacity(2 * STEP + 1);
        let capacities: Vec<_> = std::iter::from_fn(|| step(&mut bytes).then(|| bytes.capacity())).collect();
        assert_eq!(capacities, [STEP + 1, 1]);
        assert_eq!(bytes.capacity(), 0);
    }

    #[test]
    fn without_a_runtime_it_is_freed_at_once() {
        gradually(vec![0; 2 * STEP]);
    }
}
