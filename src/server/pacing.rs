//! Output that waits for the application, but not for long: a blocked event loop must not look like a dead server to its peers.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;

/// How long ACKs wait for the replies they should leave with.
const PATIENCE: Duration = Duration::from_millis(1);

/// What the application may take for one session's events: with many of them a batch is long, and still not late.
const PATIENCE_PER_SESSION: Duration = Duration::from_micros(10);

/// How long ACKs wait at most, however many sessions there are.
const LONGEST: Duration = Duration::from_millis(20);

/// Flushes what the JavaScript thread has not come round to. Costs a wake-up a millisecond while there is traffic, nothing otherwise.
pub async fn flush_overdue(shared: Arc<Shared>) {
    loop {
        shared.late.notified().await;
        loop {
            let (number, waiting) = shared.inbox.pulse();
            if waiting == 0 {
                break;
            }
            let sessions = u32::try_from(waiting).unwrap_or(u32::MAX);
            tokio::time::sleep(LONGEST.min(PATIENCE + PATIENCE_PER_SESSION.saturating_mul(sessions))).await;
            for link in shared.inbox.take_overdue(number) {
                let core = link.lock();
                if core.listed {
                    shared.flush(&link, core);
                }
            }
        }
    }
}
