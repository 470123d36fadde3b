//! Loom's threads in the place of the system's.

use std::cell::Cell;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

pub use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{self, MutexGuard};

/// A mutex that locks like parking_lot's.
pub struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
