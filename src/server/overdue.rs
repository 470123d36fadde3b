//! What waits for the application, but not for long: a blocked event loop must not look like a dead server to its peers.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;

/// How long ACKs wait for the replies they should leave with. While they do, the I/O thread sleeps with a deadline, and one that is due
/// before the system's own clock tick (4 to 10 ms) makes the kernel set the clock's interrupt anew for each wait: 8 us on a virtual machine.
const PATIENCE: Duration = Duration::from_millis(20);

/// Flushes what the JavaScript thread has not come round to, and takes back what it does not read. Costs a wake-up each time while there is
/// traffic, nothing otherwise.
pub async fn flush_overdue(shared: Arc<Shared>) {
    loop {
        shared.late.notified().await;
        loop {
            let (number, waiting) = shared.inbox.pulse();
            if waiting == 0 && shared.lending.count() == 0 {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
            shared.lending.look();
            for link in shared.inbox.take_overdue(number) {
                let core = link.lock();
                if core.listed.is_some() {
                    shared.flush(&link, core);
                }
            }
        }
    }
}
