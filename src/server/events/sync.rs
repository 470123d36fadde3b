//! What the inbox needs of threads and time, in one place, so that `model/` can put loom's in its stead and try every order of events.

use std::cell::Cell;
use std::time::{Duration, Instant};

pub use parking_lot::Mutex;
pub use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    static IS_IO_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// From now on the calling thread counts as an I/O thread, which says when it comes to rest.
pub fn enter_io_thread() {
    IS_IO_THREAD.set(true);
}

/// Whether the calling thread is an I/O thread.
pub fn is_io_thread() -> bool {
    IS_IO_THREAD.get()
}

/// Whether that moment is so long ago.
pub fn is_older(moment: Instant, age: Duration) -> bool {
    moment.elapsed() >= age
}
