//! Events on their way to the JavaScript thread: one batch is filled while another is delivered.
//!
//! All threads fill under one mutex, taken once per socket read. The mutex also guards what belongs to a batch: which sessions have output
//! (ACKs) that should leave together with the application's replies, and which connections are not read until a batch is done. `model/`
//! checks the wake-ups in every order of events.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::batch::{Batch, WORDS};
use super::filling::Filling;
use super::sync::{AtomicBool, Mutex, Ordering, enter_io_thread, is_io_thread};
use crate::server::connection::link::Link;
use crate::session::Micros;
use crate::session::counting::Histogram;

/// Bytes of each array that a batch keeps for its next round: what one busy session can fill, so that it does not grow anew each time.
const KEPT: usize = 2 << 20;

/// Events from which on the JavaScript thread is woken although the I/O thread has not come to rest.
const ENOUGH: usize = 256;

/// Wakes the JavaScript thread; it then calls [`Inbox::next`] until there is nothing more.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// The double buffer.
pub struct Inbox {
    pub(super) filling: Mutex<Filling>,
    wake: Wake,
    /// How long batches waited to be taken.
    waits: Histogram,
    /// A wake-up is due that waits for the I/O thread to come to rest.
    held: AtomicBool,
    /// [`Filling::is_full`] as of late, for those who look before each reading and must not lock for it.
    full: AtomicBool,
}

impl Inbox {
    /// An empty inbox.
    pub fn new(wake: Wake) -> Self {
        let filling = Filling { number: 1, ..Filling::default() };
        Self {
            filling: Mutex::new(filling),
            wake,
            waits: Histogram::default(),
            held: AtomicBool::new(false),
            full: AtomicBool::new(false),
        }
    }

    /// Lets `fill` write to the batch being filled, then wakes the JavaScript thread if it has to be. The I/O thread does so only when it has
    /// nothing more to read: woken at the first of many events, the other thread would take them one by one.
    pub fn write<R>(&self, fill: impl FnOnce(&mut Filling) -> R) -> R {
        let mut filling = self.filling.lock();
        let result = fill(&mut filling);
        if filling.shut {
            filling.batch = Batch::default();
            filling.unflushed.clear();
            filling.paused.clear();
        }
        self.full.store(filling.is_full(), Ordering::Relaxed);
        filling.note_beginning();
        let wake = !filling.scheduled && !filling.batch.is_empty();
        filling.scheduled |= wake;
        if wake {
            self.held.store(true, Ordering::Relaxed);
        }
        let due = !is_io_thread() || filling.batch.words.len() >= ENOUGH * WORDS;
        let late = filling.is_late();
        drop(filling);
        // Not under the mutex: waking is a system call.
        if late {
            self.yield_cpu();
        } else if due {
            self.ring();
        }
        result
    }

    /// For what keeps the I/O thread busy and makes no events: gives the JavaScript thread way if that has waited long enough.
    pub fn yield_cpu_if_late(&self) {
        let late = self.filling.lock().is_late();
        if late {
            self.yield_cpu();
        }
    }

    /// The calling thread is the I/O thread: from now on it calls [`Inbox::rest`] before it waits.
    pub fn resting_thread(&self) {
        enter_io_thread();
    }

    /// The JavaScript thread is awake, and will call [`Inbox::next`] until there is nothing more: nobody has to wake it before. Whether that was so
    /// already.
    pub fn attend(&self) -> bool {
        std::mem::replace(&mut self.filling.lock().scheduled, true)
    }

    /// It has found nothing, and things are as they were when [`Inbox::attend`] returned `attended`. False where others have found something
    /// meanwhile, which it has to take then.
    pub fn withdraw(&self, attended: bool) -> bool {
        let mut filling = self.filling.lock();
        let nothing = filling.batch.is_empty();
        if nothing {
            filling.scheduled = attended;
        }
        nothing
    }

    /// The I/O thread has nothing more to do at the moment.
    pub fn rest(&self) {
        self.ring();
    }

    /// The I/O thread goes on, but the JavaScript thread has waited long enough. Where both share a CPU, the system would let it wait for its next
    /// tick, some ms.
    pub fn yield_cpu(&self) {
        self.ring();
        std::thread::yield_now();
    }

    fn ring(&self) {
        if self.held.load(Ordering::Relaxed) && self.held.swap(false, Ordering::Relaxed) {
            (self.wake)();
        }
    }

    /// Gives back the batch that was delivered to its end and takes the next one; `None` when nothing has come since, and then the next
    /// event wakes anew.
    pub fn next(&self, mut delivered: Batch) -> Option<Batch> {
        delivered.recycle(KEPT);
        let mut filling = self.filling.lock();
        filling.done = filling.number - 1;
        let paused = std::mem::take(&mut filling.paused);
        // Fresh memory for each batch would cost page faults. After a rest the one that was delivered last is not here but there.
        let spare = filling.spare.take().unwrap_or(delivered);
        let next = if filling.batch.is_empty() {
            filling.scheduled = false;
            filling.spare = Some(spare);
            None
        } else {
            filling.waiting = None;
            if let Some(began) = filling.began.take() {
                self.waits.record(began.elapsed().as_micros() as Micros);
            }
            filling.number += 1;
            filling.readings_before = std::mem::take(&mut filling.readings);
            let Filling { unflushed, unflushed_delivering, .. } = &mut *filling;
            unflushed_delivering.append(unflushed);
            Some(std::mem::replace(&mut filling.batch, spare))
        };
        self.full.store(filling.is_full(), Ordering::Relaxed);
        drop(filling);
        paused.into_iter().for_each(Waker::wake);
        next
    }

    /// Whether there are events for another batch.
    pub fn has_more(&self) -> bool {
        !self.filling.lock().batch.is_empty()
    }

    /// Whether [`Filling::is_full`] may be true, without locking. What it was not told of yet costs another reading at most.
    pub fn may_be_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Ready while there is room for what would be read; otherwise the task is woken when a batch is done.
    pub fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.may_be_full() {
            let mut filling = self.filling.lock();
            if filling.is_full() {
                filling.resume_after(cx.waker());
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Gives back memory if nothing has come since the last call.
    pub fn relax(&self) {
        let mut filling = self.filling.lock();
        if filling.relaxed == filling.number {
            filling.spare = None;
            if filling.batch.is_empty() {
                filling.batch = Batch::default();
            }
        }
        filling.relaxed = filling.number;
    }

    /// How long the first events of batches waited for the JavaScript thread.
    pub fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// The number of the newest batch that has been delivered to its end.
    pub fn done(&self) -> u64 {
        self.filling.lock().done
    }

    /// The number of the batch that has been delivered, and the sessions whose output was to wait for it.
    pub fn take_unflushed(&self) -> (u64, Vec<Arc<Link>>) {
        let mut filling = self.filling.lock();
        (filling.number - 1, std::mem::take(&mut filling.unflushed_delivering))
    }

    /// All sessions whose output waits for a batch, if no batch was begun since number `since` was being filled: the JavaScript thread is late.
    pub fn take_overdue(&self, since: u64) -> Vec<Arc<Link>> {
        let mut filling = self.filling.lock();
        if filling.number != since {
            return Vec::new();
        }
        let mut overdue = std::mem::take(&mut filling.unflushed_delivering);
        overdue.append(&mut filling.unflushed);
        overdue
    }

    /// The number of the batch being filled, and how many sessions have output that waits for a batch.
    pub fn pulse(&self) -> (u64, usize) {
        let filling = self.filling.lock();
        (filling.number, filling.unflushed.len() + filling.unflushed_delivering.len())
    }

    /// Nobody takes events any more: those that are left, and all later ones, are forgotten.
    pub fn shut(&self) {
        let mut filling = self.filling.lock();
        *filling = Filling { shut: true, number: filling.number, done: u64::MAX, ..Filling::default() };
        self.full.store(false, Ordering::Relaxed);
    }
}
