//! Sockets that are lent to the event loop. While little goes on, most of what a message costs is that one thread wakes the other: a session
//! that keeps asking has its socket read by the JavaScript thread itself.
//!
//! The connection's task gets it back whenever it is woken, whatever the reason, and does everything else: it is woken when the socket takes
//! no more, when the session ends, when much comes at once, when the session has fallen silent, and when the event loop has left it unread from
//! one look of [`pacing`](crate::server::overdue) to the next.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::link::Link;
use super::reading::{Reader, Reading};
use crate::net::bare::Bare;
use crate::net::watch::Watch;
use crate::session::Micros;

/// Sockets lent at a time.
const MOST: usize = 64;

/// Time in microseconds after which the JavaScript thread reads them in the middle of a turn: others' events, and what they cause, can make a turn
/// of the event loop one of many ms.
const LONGEST_TURN: Micros = 1_000;

/// Looks without a reading after which a socket is taken back: while any is lent, the I/O thread has to look.
const IDLE_LOOKS: u32 = 15;

/// What a connection's task gives away, and gets back.
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
}

/// All of a server's.
#[derive(Default)]
pub struct Lending {
    /// None while the event loop does not watch it.
    watch: Mutex<Option<Watch>>,
    /// By what the watch calls their sockets.
    loans: Mutex<HashMap<u64, Arc<Loan>>>,
    /// When they were read last.
    read: AtomicU64,
}

impl Lending {
    /// From now on the event loop watches `watch`.
    pub fn begin(&self, watch: Watch) {
        *self.watch.lock() = Some(watch);
    }

    /// The event loop watches nothing any more: what is lent is taken back, and the watch is closed.
    pub fn end(&self) {
        self.watch.lock().take();
        self.loans.lock().values().for_each(|loan| loan.link.rouse());
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
        });
        // First, so that the event loop finds what it is woken for.
        self.loans.lock().insert(key(link), Arc::clone(&loan));
        if self.watch.lock().as_ref().is_none_or(|watch| watch.add(&socket, key(link)).is_err()) {
            link.rouse();
        }
        loan
    }

    /// Takes it back. None if that has been done.
    pub fn take_back(&self, loan: &Arc<Loan>) -> Option<Lent> {
        self.loans.lock().remove(&key(&loan.link));
        let lent = loan.lent.lock().take()?;
        self.forget(&lent.socket);
        Some(lent)
    }

    /// Reads the sockets that can be read. For the JavaScript thread, which looks for events then.
    pub fn read(&self, now: Micros) {
        self.read.store(now, Ordering::Relaxed);
        for loan in self.readable() {
            let mut guard = loan.lent.lock();
            let Some(lent) = &mut *guard else { continue };
            loan.idle.store(0, Ordering::Relaxed);
            loan.unread.store(false, Ordering::Relaxed);
            // A panic costs its own connection and nothing else, as it does on the I/O thread, whose runtime catches it.
            let reading = catch_unwind(AssertUnwindSafe(|| lent.reader.read_bare(&lent.socket)));
            let reading = reading.unwrap_or(Reading::Ended);
            lent.ended |= reading == Reading::Ended;
            if reading != Reading::Quiet {
                // At once: it may go on being readable.
                self.forget(&lent.socket);
                drop(guard);
                loan.link.rouse();
            }
        }
    }

    /// The same in the middle of a turn, if it is time again.
    pub fn read_if_late(&self, now: Micros) {
        if now.saturating_sub(self.read.load(Ordering::Relaxed)) >= LONGEST_TURN && self.count() > 0 {
            self.read(now);
        }
    }

    /// When any of them was read last.
    pub fn last_read(&self) -> Option<Micros> {
        Some(self.read.load(Ordering::Relaxed)).filter(|&moment| moment > 0)
    }

    /// Has those taken back that are silent, or that the event loop leaves unread: it may be blocked, and the I/O thread never is.
    pub fn look(&self) {
        let keys = self.keys();
        for (key, loan) in &*self.loans.lock() {
            let unread = keys.contains(key);
            let left = loan.unread.swap(unread, Ordering::Relaxed) && unread;
            if loan.idle.fetch_add(1, Ordering::Relaxed) >= IDLE_LOOKS || left {
                loan.link.rouse();
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
        let mut keys = Vec::with_capacity(MOST);
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

/// What the watch calls a session's socket.
fn key(link: &Link) -> u64 {
    u64::from(link.generation) << 32 | u64::from(link.slot)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixStream;

    use super::super::reading::without_scratches;
    use super::*;
    use crate::net::outgoing::Outgoing;
    use crate::net::socket::{Socket, WriteHalf};
    use crate::net::websocket::{Decoder, Role, put_message};
    use crate::protocol::Frame;
    use crate::server::Shared;
    use crate::server::events::batch::Batch;
    use crate::server::settings::Settings;
    use crate::session::Session;

    /// Counts how often the connection's task is woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Lender {
        shared: Arc<Shared>,
        task: Arc<Task>,
        loan: Arc<Loan>,
        peer: UnixStream,
    }

    impl Lender {
        fn new() -> Self {
            let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
            assert!(!shared.lending.has_room(), "nobody watches");
            shared.lending.begin(Watch::new().expect("a set"));
            assert!(shared.lending.has_room());
            let (ours, peer) = UnixStream::pair().expect("two sockets");
            let (read, write) = Socket::Unix(ours).into_split();
            let socket = Arc::new(read.detach(write).expect("a bare socket"));
            let session = Session::new(1, Arc::default());
            let write = WriteHalf::Bare(Arc::clone(&socket));
            let link = Link::new(Default::default(), 1, session, Outgoing::new(Role::Server), None, write);
            let task = Arc::new(Task::default());
            link.driver().register(&Waker::from(Arc::clone(&task)));
            let reader = Reader::new(Arc::clone(&shared), Arc::clone(&link), Decoder::new(Role::Server, 1 << 16));
            let loan = shared.lending.lend(&link, Lent { reader, socket, ended: false });
            Self { shared, task, loan, peer }
        }

        async fn send(&mut self, messages: u32) {
            let mut bytes = Vec::new();
            for ack in 0..messages {
                let frame = Frame::Utf8 { ack, payload: b"message" };
                put_message(&mut bytes, Role::Client, &frame.head(1), frame.tail());
            }
            self.peer.write_all(&bytes).await.expect("a socket that lives");
        }

        /// Events since the last call.
        fn events(&self) -> usize {
            self.shared.inbox.next(Batch::default()).map_or(0, |batch| batch.words.len())
        }

        fn wakes(&self) -> usize {
            self.task.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn a_lent_socket_is_read_until_there_is_much() {
        let mut lender = Lender::new();
        lender.shared.lending.read(0);
        assert_eq!((lender.events(), lender.wakes()), (0, 0), "nothing has come");
        lender.send(1).await;
        lender.shared.lending.read(0);
        assert!(lender.events() > 0);
        assert_eq!(lender.wakes(), 0);
        lender.send(1000).await;
        lender.shared.lending.read(0);
        assert_eq!(lender.wakes(), 1, "the rest is the task's");
        let lent = lender.shared.lending.take_back(&lender.loan).expect("what was lent");
        assert!(!lent.ended);
        assert!(lender.shared.lending.take_back(&lender.loan).is_none());
        assert_eq!(lender.shared.lending.count(), 0);
    }

    #[tokio::test]
    async fn a_long_turn_is_interrupted_once_a_millisecond() {
        let mut lender = Lender::new();
        lender.shared.lending.read(5_000);
        lender.send(1).await;
        lender.shared.lending.read_if_late(5_000 + LONGEST_TURN - 1);
        assert_eq!(lender.events(), 0);
        lender.shared.lending.read_if_late(5_000 + LONGEST_TURN);
        assert!(lender.events() > 0);
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_connection() {
        let mut lender = Lender::new();
        lender.send(1).await;
        without_scratches(|| lender.shared.lending.read(0));
        assert_eq!(lender.wakes(), 1);
        assert!(lender.shared.lending.take_back(&lender.loan).is_some_and(|lent| lent.ended));
    }

    #[tokio::test]
    async fn the_end_is_told_once_it_is_taken_back() {
        let mut lender = Lender::new();
        lender.peer.shutdown().await.expect("a socket that lives");
        lender.shared.lending.read(0);
        assert_eq!(lender.wakes(), 1);
        assert!(lender.shared.lending.take_back(&lender.loan).is_some_and(|lent| lent.ended));
    }

    #[tokio::test]
    async fn a_silent_one_is_taken_back() {
        let mut lender = Lender::new();
        for _ in 0..IDLE_LOOKS {
            lender.shared.lending.look();
        }
        lender.send(1).await;
        lender.shared.lending.read(0);
        for _ in 0..IDLE_LOOKS {
            lender.shared.lending.look();
            assert_eq!(lender.wakes(), 0);
        }
        lender.shared.lending.look();
        assert_eq!(lender.wakes(), 1);
    }

    #[tokio::test]
    async fn one_that_is_left_unread_is_taken_back() {
        let mut lender = Lender::new();
        for _ in 0..2 {
            lender.send(1).await;
            lender.shared.lending.look();
            assert_eq!(lender.wakes(), 0);
            lender.shared.lending.read(0);
        }
        lender.send(1).await;
        lender.shared.lending.look();
        lender.shared.lending.look();
        assert_eq!(lender.wakes(), 1);
    }
}
