//! What the inbox needs of threads, of loom's.

use std::cell::Cell;
use std::time::{Duration, Instant};

pub use crate::Mutex;
pub use loom::sync::atomic::{AtomicBool, Ordering};

loom::thread_local! {
    static IS_IO_THREAD: Cell<bool> = Cell::new(false);
}

pub fn enter_io_thread() {
    IS_IO_THREAD.with(|is| is.set(true));
}

pub fn is_io_thread() -> bool {
    IS_IO_THREAD.with(Cell::get)
}

/// No time passes: what happens must not depend on how long loom takes.
pub fn is_older(_moment: Instant, _age: Duration) -> bool {
    false
}
