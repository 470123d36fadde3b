//! When a socket is not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::net::UnixStream;

use crate::net::socket::Socket;
use crate::net::websocket::{Decoder, Role};
use crate::net::write_buffer::WriteBuffer;
use crate::protocol::MAX_PAYLOAD;
use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::connection::reading::{REPLY_ALLOWANCE, Reader};
use crate::server::events::batch::{Batch, Code};
use crate::server::events::filling::CAPACITY;
use crate::server::settings::Settings;
use crate::session::acks::ACK_TIMEOUT;
use crate::session::{MessageKind, Session, Wire};

/// Counts how often it is woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection whose peer reads nothing.
fn connection() -> (Arc<Shared>, Arc<Link>, Reader, UnixStream) {
    let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    let (_read, write) = Socket::Unix(ours).into_split();
    let session = Session::new(1, Arc::default());
    let link = Link::new(Default::default(), 1, session, WriteBuffer::new(Role::Server), None, write);
    let reader = Reader::new(Arc::clone(&shared), Arc::clone(&link), Decoder::new(Role::Server, 1 << 16));
    (shared, link, reader, theirs)
}

#[tokio::test]
async fn what_the_application_holds_wakes_nobody_with_each_batch() {
    let (shared, link, reader, _peer) = connection();
    let task = Arc::new(Task::default());
    let waker = Waker::from(Arc::clone(&task));
    let wakes = || task.0.load(Ordering::Relaxed);
    link.driver().register(&waker);
    let held = shared.settings.session.max_unread;
    shared.hold(&link, held);
    // As the reading that reached the limit has left it.
    link.lock().paused = true;
    assert!(reader.must_pause(&Context::from_waker(&waker)));
    for _ in 0..3 {
        shared.inbox.write(|filling| filling.batch.push(2, Code::Connected, 0, 0, &[]));
        shared.inbox.next(Batch::default());
        shared.inbox.next(Batch::default());
    }
    assert_eq!(wakes(), 0);
    shared.release(&link, held);
    assert_eq!(wakes(), 1);
    assert!(!reader.must_pause(&Context::from_waker(&waker)));
}

#[tokio::test]
async fn output_that_waits_for_replies_is_written_once_it_is_too_much() {
    let (shared, link, reader, _peer) = connection();
    let context = Context::from_waker(Waker::noop());
    let mut core = link.lock();
    core.listed = Some(1);
    core.outgoing.frame(&[], &vec![0; shared.settings.session.high_water_mark]);
    drop(core);
    assert!(!reader.must_pause(&context));
    assert_eq!(link.lock().outgoing.taken(), 0, "it may wait");
    link.lock().outgoing.frame(&[], &[0; 1 << 20]);
    assert!(reader.must_pause(&context), "the socket does not take so much");
    assert!(link.lock().blocked && link.lock().outgoing.taken() > 0);
}

#[tokio::test]
async fn a_large_message_of_ours_leaves_replies_their_room() {
    let (shared, link, reader, _peer) = connection();
    let context = Context::from_waker(Waker::noop());
    let send = |length| {
        let mut core = link.lock();
        shared.call(&link, &mut core, |session, io| session.send(MessageKind::Binary, &vec![0; length], 0, io));
        shared.flush(&link, core);
    };
    reader.greet();
    send(MAX_PAYLOAD);
    assert!(
        !reader.must_pause(&context),
        "the peer may wait for us to read its own large message before it reads ours"
    );
    assert!(link.lock().blocked);
    // What waits in the queue does not count.
    let most = shared.settings.session.high_water_mark + MAX_PAYLOAD + REPLY_ALLOWANCE;
    send(MAX_PAYLOAD);
    while link.lock().outgoing.pending() < most - 127 {
        link.lock().outgoing.pong(&[0; 125]);
        assert!(!reader.must_pause(&context));
    }
    (0..3).for_each(|_| link.lock().outgoing.pong(&[0; 125]));
    assert!(reader.must_pause(&context), "replies that nobody reads");
}

#[tokio::test]
async fn what_is_flooded_before_a_large_message_counts_as_replies() {
    let (shared, link, reader, _peer) = connection();
    let context = Context::from_waker(Waker::noop());
    let mark = shared.settings.session.high_water_mark;
    let mut core = link.lock();
    core.blocked = true;
    core.outgoing.frame(&[], &vec![0; mark + REPLY_ALLOWANCE]);
    shared.call(&link, &mut core, |session, io| session.send(MessageKind::Binary, &[0; 1000], 0, io));
    drop(core);
    assert!(reader.must_pause(&context));
}

#[tokio::test]
async fn a_session_that_may_await_a_late_ack_is_swept_while_that_helps() {
    let (shared, link, reader, _peer) = connection();
    let context = Context::from_waker(Waker::noop());
    let limit = shared.settings.session.max_unread;
    reader.greet();
    let mut core = link.lock();
    shared.call(&link, &mut core, |session, io| session.send(MessageKind::Utf8, b"awaited", 1, io));
    core.with(2 * ACK_TIMEOUT, Batch::default().sink(0, 0), |session, io| session.sweep(io));
    drop(core);
    let swept = || link.lock().awaiting;
    assert!(!reader.must_pause(&context) && !swept(), "it is read");
    let fill = |bytes| {
        shared.hold(&link, bytes);
        // As the reading that reached the limit leaves it.
        link.lock().paused = true;
    };
    fill(limit);
    for times in [2, 4, 8, 16] {
        assert!(reader.must_pause(&context) && swept());
        let mut core = link.lock();
        assert!(core.session.window.raise_if_stalled());
        core.awaiting = false;
        drop(core);
        assert!(!reader.must_pause(&context) && !swept());
        fill(limit * times / 2);
    }
    assert!(reader.must_pause(&context) && !swept(), "nothing is left to be raised");
}

#[tokio::test]
async fn no_session_is_read_while_the_inbox_is_full() {
    let (shared, _link, reader, _peer) = connection();
    let events = vec![0; CAPACITY];
    shared.inbox.write(|filling| filling.batch.push(1, Code::Binary, 0, 0, &events));
    let mut full = true;
    // Woken for its second turn when the events leave.
    std::future::poll_fn(|cx| {
        assert_eq!(reader.must_pause(cx), full);
        full = shared.inbox.next(Batch::default()).is_none();
        if full { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
