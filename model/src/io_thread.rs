//! The I/O thread: `src/server/io_thread.rs`, `run`, and `src/server/overdue.rs`, without a clock.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::server::Shared;

/// Runs a connection to its end on the calling thread. When there is nothing to do it lets the inbox ring, and before that, `paces` times,
/// it finds the application late.
pub fn run(shared: Arc<Shared>, connection: impl Future<Output = ()>, paces: usize) {
    shared.inbox.resting_thread();
    loom::future::block_on(Resting { shared: &shared, connection: Box::pin(connection), paces });
    shared.inbox.rest();
}

struct Resting<'a, F> {
    shared: &'a Arc<Shared>,
    connection: Pin<Box<F>>,
    paces: usize,
}

impl<F: Future<Output = ()>> Future for Resting<'_, F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (number, _) = self.shared.inbox.pulse();
        let poll = self.connection.as_mut().poll(cx);
        if self.paces > 0 {
            self.paces -= 1;
            self.pace(number);
        }
        if poll.is_pending() {
            self.shared.inbox.rest();
        }
        poll
    }
}

impl<F> Resting<'_, F> {
    /// `overdue::flush_overdue`, when its time has passed.
    fn pace(&self, number: u64) {
        self.shared.lending.look();
        for link in self.shared.inbox.take_overdue(number) {
            let core = link.lock();
            if core.listed.is_some() {
                self.shared.flush(&link, core);
            }
        }
    }
}
