//! Sockets that are lent to the event loop. While little goes on, most of what a message costs is that one thread wakes the other: a session
//! that keeps asking has its socket read by the JavaScript thread itself. Where both threads share one CPU, sockets are lent
//! while more goes on, too.
//!
//! The connection's driver gets it back whenever it is woken, whatever the reason, and does everything else: it is woken when the socket takes
//! no more, when the session ends, when much comes at once, when what comes is not for the application, when the session has fallen silent,
//! and when the event loop has left it unread from one look of [`overdue`](crate::server::overdue) to the next.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::link::Link;
use super::reading::{Reader, Reading};
use crate::net::bare::Bare;
use crate::net::watch::Watch;
use crate::session::Micros;

/// Sockets lent at a time.
const MOST: usize = 64;

/// Readings whose events one batch holds, up to which little goes on. With more, waking the other thread costs each of them next to nothing, and
/// it reads while the JavaScript thread is at work.
const FEW_READINGS: u32 = 4;

/// The same in a process with one CPU, where neither works while the other does.
const FEW_READINGS_ON_ONE_CPU: u32 = MOST as u32;

/// The shortest heartbeat with which sockets are lent. One that a blocked event loop leaves unread is taken back within some 40 ms; an answer to a
/// ping must not have been overdue by then.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_millis(200);

/// Time in microseconds after which the JavaScript thread reads them in the middle of a turn: others' events, and what they cause, can make a turn
/// of the event loop one of many ms.
pub(super) const LONGEST_TURN: Micros = 1_000;

/// Looks without a reading after which a socket is taken back: while any is lent, the I/O thread has to look.
pub(super) const IDLE_LOOKS: u32 = 15;

/// Readings in a row without events after which a socket is taken back: nobody would have to be woken for them. A question that comes in pieces
/// takes some.
pub(super) const EVENTLESS: u32 = 8;

/// What a connection's driver gives away, and gets back.
pub struct Lent {
    /// Reads the socket.
    pub reader: Reader,
    /// The socket.
    pub socket: Arc<Bare>,
    /// It has come to its end.
    pub ended: bool,
}

/// One lent socket.
pub struct Loan {
    link: Arc<Link>,
    lent: Mutex<Option<Lent>>,
    /// Looks since the last reading.
    idle: AtomicU32,
    /// There was something to read at the last one.
    unread: AtomicBool,
    /// Readings since the last one with events.
    eventless: AtomicU32,
}

/// All of a server's.
pub struct Lending {
    /// Readings beside each other up to which sockets are lent.
    few_readings: u32,
    /// None while the event loop does not watch it.
    watch: Mutex<Option<Watch>>,
    /// By their links' keys, which are what the watch calls their sockets, too.
    loans: Mutex<HashMap<u64, Arc<Loan>>>,
    /// When the JavaScript thread looked for something to read last.
    looked: AtomicU64,
}

impl Lending {
    /// Nothing is lent, in a process that may use so many CPUs, by a server with that heartbeat.
    pub fn new(cpus: usize, keep_alive: Duration) -> Self {
        let few_readings = match cpus {
            _ if keep_alive < SHORTEST_KEEP_ALIVE => 0,
            1 => FEW_READINGS_ON_ONE_CPU,
            _ => FEW_READINGS,
        };
        Self { few_readings, watch: Mutex::default(), loans: Mutex::default(), looked: AtomicU64::default() }
    }

    /// Whether so many readings beside each other are too many.
    pub fn is_busy(&self, readings: u32) -> bool {
        readings > self.few_readings
    }

    /// From now on the event loop watches `watch`.
    pub fn begin(&self, watch: Watch) {
        *self.watch.lock() = Some(watch);
    }

    /// The event loop watches nothing any more: what is lent is taken back, and the watch is closed.
    pub fn end(&self) {
        self.watch.lock().take();
        self.loans.lock().values().for_each(|loan| loan.link.wake());
    }

    /// Whether one more may be lent.
    pub fn has_room(&self) -> bool {
        self.watch.lock().is_some() && self.count() < MOST
    }

    /// How many are lent.
    pub fn count(&self) -> usize {
        self.loans.lock().len()
    }

    /// Lends a socket.
    pub fn lend(&self, link: &Arc<Link>, lent: Lent) -> Arc<Loan> {
        let socket = Arc::clone(&lent.socket);
        let loan = Arc::new(Loan {
            link: Arc::clone(link),
            lent: Mutex::new(Some(lent)),
            idle: AtomicU32::new(0),
            unread: AtomicBool::new(false),
            eventless: AtomicU32::new(0),
        });
        // First, so that the event loop finds what it is woken for.
        self.loans.lock().insert(link.key(), Arc::clone(&loan));
        if self.watch.lock().as_ref().is_none_or(|watch| watch.add(&socket, link.key()).is_err()) {
            link.wake();
        }
        loan
    }

    /// Takes it back. None if that has been done.
    pub fn take_back(&self, loan: &Arc<Loan>) -> Option<Lent> {
        self.loans.lock().remove(&loan.link.key());
        let lent = loan.lent.lock().take()?;
        self.forget(&lent.socket);
        Some(lent)
    }

    /// Reads the sockets that can be read. For the JavaScript thread, which looks for events then: false where none can have come of it.
    pub fn read(&self, now: Micros) -> bool {
        self.looked.store(now, Ordering::Relaxed);
        let mut events = false;
        for loan in self.readable() {
            events |= self.read_one(&loan);
        }
        events
    }

    fn read_one(&self, loan: &Loan) -> bool {
        let mut guard = loan.lent.lock();
        let Some(lent) = &mut *guard else { return false };
        loan.unread.store(false, Ordering::Relaxed);
        // A panic costs its own connection and nothing else, as it does on the I/O thread, whose runtime catches it.
        let reading = catch_unwind(AssertUnwindSafe(|| lent.reader.read_bare(&lent.socket)));
        let reading = reading.unwrap_or(Reading::Ended);
        lent.ended |= reading == Reading::Ended;
        let goes_on = match reading {
            // It is asked without a sign that there is something, too: that is no reason to keep it.
            Reading::Nothing => return false,
            Reading::Eventless => loan.eventless.fetch_add(1, Ordering::Relaxed) + 1 < EVENTLESS,
            Reading::Quiet => {
                loan.eventless.store(0, Ordering::Relaxed);
                true
            }
            Reading::Busy | Reading::Ended => false,
        };
        if goes_on {
            loan.idle.store(0, Ordering::Relaxed);
        } else {
            // At once: it may go on being readable.
            self.forget(&lent.socket);
            drop(guard);
            loan.link.wake();
        }
        reading != Reading::Eventless
    }

    /// The same in the middle of a turn, if it is time again.
    pub fn read_if_late(&self, now: Micros) {
        if now.saturating_sub(self.looked.load(Ordering::Relaxed)) >= LONGEST_TURN && self.count() > 0 {
            self.read(now);
        }
    }

    /// Has those taken back that are silent, or that the event loop leaves unread: it may be blocked, and the I/O thread never is.
    pub fn look(&self) {
        if self.count() == 0 {
            return;
        }
        let keys = self.keys();
        for (key, loan) in &*self.loans.lock() {
            let unread = keys.contains(key);
            let left = loan.unread.swap(unread, Ordering::Relaxed) && unread;
            if loan.idle.fetch_add(1, Ordering::Relaxed) >= IDLE_LOOKS || left {
                loan.link.wake();
            }
        }
    }

    /// Those that can be read. Where there is one, it is that one, without a system call.
    fn readable(&self) -> Vec<Arc<Loan>> {
        let keys = if self.count() > 1 { self.keys() } else { Vec::new() };
        let loans = self.loans.lock();
        if loans.len() == 1 {
            return loans.values().cloned().collect();
        }
        keys.iter().filter_map(|key| loans.get(key).cloned()).collect()
    }

    /// The keys of those that can be read.
    fn keys(&self) -> Vec<u64> {
        let mut keys = Vec::new();
        if let Some(watch) = &*self.watch.lock() {
            watch.readable(&mut keys);
        }
        keys
    }

    fn forget(&self, socket: &Bare) {
        if let Some(watch) = &*self.watch.lock() {
            watch.remove(socket);
        }
    }
}
