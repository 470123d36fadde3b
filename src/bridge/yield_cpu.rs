//! How the JavaScript thread lets the I/O thread have a CPU that both share. Where it is busy for long, the system would leave it that CPU until
//! its next clock tick or two, some ms, in which nobody is read.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How often: two switches between threads, some microseconds, are then not worth a thought.
const EVERY: Duration = Duration::from_millis(1);

thread_local! {
    /// When this thread last did so. Each worker of an application is a JavaScript thread of its own.
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Gives way if it is time again. To be called wherever JavaScript comes by in a turn of the event loop that may be one of many.
pub fn yield_cpu() {
    if is_due(LAST.get(), Instant::now()) {
        std::thread::yield_now();
        LAST.set(Some(Instant::now()));
    }
}

fn is_due(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_at_first_and_once_a_millisecond() {
        let now = Instant::now();
        assert!(is_due(None, now));
        assert!(!is_due(Some(now), now + EVERY / 2));
        assert!(is_due(Some(now), now + EVERY));
        yield_cpu();
        assert!(LAST.get().is_some_and(|last| last >= now));
    }
}
