//! A process of its own, because it is about what the whole process's `malloc` does.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

use cryo_server::bridge::heap::keep_freed_memory;

/// Whether a block of this size comes from the system and goes back to it, not to what is allocated next.
fn is_mapped(size: usize) -> bool {
    // SAFETY: reads figures.
    let blocks = || unsafe { libc::mallinfo2() }.hblks;
    let before = blocks();
    let block = std::hint::black_box(Vec::<u8>::with_capacity(size));
    let mapped = blocks() > before;
    drop(block);
    mapped
}

#[test]
fn freed_memory_stays_for_what_comes_next() {
    assert!(is_mapped(256 << 10));
    keep_freed_memory();
    assert!(!is_mapped(8 << 20));
    assert!(is_mapped(24 << 20));
}
