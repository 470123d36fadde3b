//! Sockets on loan: read on the event loop, and back with their tasks when they should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;

use crate::net::socket::{Socket, WriteHalf};
use crate::net::watch::Watch;
use crate::net::websocket::{Decoder, Role, put_message};
use crate::net::write_buffer::WriteBuffer;
use crate::protocol::Frame;
use crate::server::Shared;
use crate::server::connection::lending::{EVENTLESS, IDLE_LOOKS, LONGEST_TURN, Lending, Lent, Loan};
use crate::server::connection::link::Link;
use crate::server::connection::reading::{Reader, without_scratches};
use crate::server::events::batch::Batch;
use crate::server::settings::Settings;
use crate::session::Session;

/// Counts how often the connection's driver is woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Without a payload, masked.
const PING: [u8; 6] = [0x89, 0x80, 1, 2, 3, 4];

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
        let link = Link::new(Default::default(), 1, session, WriteBuffer::new(Role::Server), None, write);
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

    async fn ping(&mut self) {
        self.peer.write_all(&PING).await.expect("a socket that lives");
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
    assert!(!lender.shared.lending.read(0));
    assert_eq!((lender.events(), lender.wakes()), (0, 0), "nothing has come");
    lender.send(1).await;
    assert!(lender.shared.lending.read(0));
    assert!(lender.events() > 0);
    assert_eq!(lender.wakes(), 0);
    lender.send(1000).await;
    lender.shared.lending.read(0);
    assert_eq!(lender.wakes(), 1, "the rest is the driver's");
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
async fn to_be_asked_for_nothing_is_no_reason_to_keep_it() {
    let lender = Lender::new();
    for _ in 0..=IDLE_LOOKS {
        assert_eq!(lender.wakes(), 0);
        lender.shared.lending.read(0);
        lender.shared.lending.look();
    }
    assert_eq!(lender.wakes(), 1);
}

#[tokio::test]
async fn one_that_has_nothing_to_tell_is_taken_back() {
    let mut lender = Lender::new();
    for _ in 1..EVENTLESS {
        lender.ping().await;
        assert!(!lender.shared.lending.read(0));
    }
    lender.send(1).await;
    assert!(lender.shared.lending.read(0));
    for _ in 0..EVENTLESS {
        assert_eq!(lender.wakes(), 0);
        lender.ping().await;
        assert!(!lender.shared.lending.read(0));
    }
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

#[test]
fn more_beside_each_other_are_lent_where_there_is_one_cpu() {
    let busy = |cpus| {
        let lending = Lending::new(cpus, Duration::from_secs(15));
        [4, 5, 64, 65].map(|readings| lending.is_busy(readings))
    };
    assert_eq!(busy(1), [false, false, false, true]);
    assert_eq!(busy(2), [false, true, true, true]);
}

#[test]
fn none_are_lent_where_pings_come_faster_than_a_socket_is_taken_back() {
    let lends = |keep_alive| !Lending::new(1, Duration::from_millis(keep_alive)).is_busy(1);
    assert_eq!([30, 199, 200].map(lends), [false, false, true]);
}
