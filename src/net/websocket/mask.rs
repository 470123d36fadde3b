//! Masking (RFC 6455 section 5.3): XOR with a key of four bytes that the client chooses for each frame.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// XORs `bytes` with the repeated `key`, in place. Masking and unmasking are the same.
#[inline]
pub(super) fn apply(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, tail) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}

/// The key as it stands after `count` bytes, for going on in the middle of a payload.
pub(super) fn advance(mut key: [u8; 4], count: usize) -> [u8; 4] {
    key.rotate_left(count % 4);
    key
}

thread_local! {
    static KEYS: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
}

/// A new key that nobody can foresee (RFC 6455 section 10.3: it must not be derivable from the keys before it).
///
/// `RandomState` is SipHash under a 128-bit key from the operating system. SipHash is a pseudo-random function, so its
/// values for a counter can't be told from random ones by anyone without that key, however many they have
/// seen. No system call per frame, and no lock.
pub(super) fn random_key() -> [u8; 4] {
    KEYS.with(|(hasher, counter)| {
        let count = counter.get();
        counter.set(count.wrapping_add(1));
        (hasher.hash_one(count) as u32).to_ne_bytes()
    })
}
