//! How much freed memory glibc keeps for what is allocated next. Buffers are freed many at once, whenever JavaScript's garbage collector has run;
//! given back to the system each time, every payload of some KiB would be written to fresh pages, at the price of a page fault for each.

/// Size in bytes of a block that, when freed, makes glibc keep up to twice as much of what is freed later (mallopt(3), "dynamic mmap
/// threshold"): more than a collection frees under load. Larger blocks than this still come from the system, and go back to it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const THRESHOLD_RAISING_SIZE: usize = 16 << 20;

/// Lets glibc keep more of what is freed: up to 32 MiB at the end of a heap, where it is 128 KiB at first. Any application that frees a
/// block of that size has the same. Where the environment sets glibc's thresholds, they stay as they are.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            let mut block = Vec::<u8>::new();
            // Never written to, so that it takes no physical memory. Where it can't be had, nothing changes.
            let _ = block.try_reserve_exact(THRESHOLD_RAISING_SIZE);
            std::hint::black_box(&block);
        });
    }
}
