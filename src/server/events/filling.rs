//! The batch that is being filled, and what waits for it or for the one before it.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::sync::{is_io_thread, is_older};
use crate::server::connection::link::Link;

/// Bytes of undelivered events from which on no socket of the server is read.
pub const CAPACITY: usize = 16 << 20;

/// How long the JavaScript thread waits because the I/O thread does not come to rest. Peers that send without a pause leave it none, and must
/// not keep other sessions' events waiting.
pub(super) const LONGEST_HELD: Duration = Duration::from_millis(1);

/// The same where what is read brings no more events, so that waiting longer does not make for larger batches.
pub(super) const LONGEST_HELD_IN_VAIN: Duration = Duration::from_micros(250);

/// What the inbox's mutex guards.
#[derive(Default)]
pub struct Filling {
    /// The events.
    pub batch: Batch,
    /// The one to be filled next, while the application has none.
    pub(super) spare: Option<Batch>,
    /// The number of that batch, from 1.
    pub number: u64,
    /// What the number was at the last [`Inbox::relax`].
    pub(super) relaxed: u64,
    /// How many readings of sockets its events come from.
    pub readings: u32,
    /// The same of the batch before it.
    pub readings_before: u32,
    /// When its first event came.
    pub(super) began: Option<Instant>,
    /// Since when the JavaScript thread may be waiting for the I/O thread: that moment, or when it was given way last.
    pub(super) waiting: Option<Instant>,
    /// How much there was of the events at the last look for lateness, in words.
    pub(super) looked_at: usize,
    /// The newest batch that has been delivered to its end.
    pub done: u64,
    /// The JavaScript thread has been woken, or is at work, and will look again.
    pub(super) scheduled: bool,
    /// Sessions with output that is to leave after this batch's events have been delivered.
    pub(super) unflushed: Vec<Arc<Link>>,
    /// The same for the batch that is being delivered.
    pub(super) unflushed_delivering: Vec<Arc<Link>>,
    /// The tasks of connections that are not read until a batch is done.
    pub(super) paused: Vec<Waker>,
    /// Nobody takes events any more.
    pub(super) shut: bool,
}

impl Filling {
    /// Lets the session's output leave together with the replies to the events that were just written, or soon after.
    pub fn flush_after(&mut self, link: &Arc<Link>) {
        self.unflushed.push(Arc::clone(link));
    }

    /// Wakes the task when a batch is done.
    pub fn resume_after(&mut self, task: &Waker) {
        self.paused.push(task.clone());
    }

    /// Notes the time if these are the first events.
    pub(super) fn note_beginning(&mut self) {
        if self.began.is_none() && !self.batch.is_empty() {
            self.began = Some(Instant::now());
            self.waiting = self.began;
        }
    }

    /// Whether the I/O thread, if that asks, has kept the JavaScript thread waiting for too long. Woken already, it may be without a CPU. The
    /// next time is as much later.
    pub(super) fn is_late(&mut self) -> bool {
        if !is_io_thread() {
            return false;
        }
        let longest = self.longest_held();
        let late = self.waiting.is_some_and(|since| is_older(since, longest));
        if late {
            self.waiting = Some(Instant::now());
        }
        late
    }

    /// How long the JavaScript thread may be kept waiting, by whether there are more events than the last time.
    fn longest_held(&mut self) -> Duration {
        let words = self.batch.words.len();
        if std::mem::replace(&mut self.looked_at, words) == words { LONGEST_HELD_IN_VAIN } else { LONGEST_HELD }
    }

    /// Whether reading must wait, whichever connection it is.
    pub fn is_full(&self) -> bool {
        self.batch.size() >= CAPACITY
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::Code;
    use super::super::sync::enter_io_thread;
    use super::*;

    #[test]
    fn the_io_thread_is_late_once_each_time_it_has_kept_events_waiting() {
        let lateness = std::thread::spawn(|| {
            let mut filling = Filling::default();
            filling.batch.push(1, Code::Connected, 0, 0, &[]);
            filling.note_beginning();
            std::thread::sleep(LONGEST_HELD);
            let elsewhere = filling.is_late();
            enter_io_thread();
            let first = filling.is_late();
            filling.waiting = Some(Instant::now() + LONGEST_HELD);
            let soon = filling.is_late();
            std::thread::sleep(2 * LONGEST_HELD);
            (elsewhere, first, soon, filling.is_late())
        });
        assert_eq!(lateness.join().expect("the I/O thread"), (false, true, false, true));
    }

    #[test]
    fn events_wait_less_long_where_no_more_come() {
        let mut filling = Filling::default();
        let mut longest_with = |events: u32| {
            (0..events).for_each(|session| filling.batch.push(session, Code::Connected, 0, 0, &[]));
            filling.longest_held()
        };
        let longest = [2, 0, 0, 1].map(&mut longest_with);
        assert_eq!(longest, [LONGEST_HELD, LONGEST_HELD_IN_VAIN, LONGEST_HELD_IN_VAIN, LONGEST_HELD]);
    }
}
