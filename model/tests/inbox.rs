//! No event is left behind without a wake-up, and no output without a flush, whatever the threads' order. A lost wake-up is a deadlock
//! here, which loom reports.

use std::sync::Arc;

use cryo_model::net::socket::Client;
use cryo_model::net::websocket::Role;
use cryo_model::net::write_buffer::WriteBuffer;
use cryo_model::server::connection::link::Link;
use cryo_model::server::events::batch::{Batch, Code, WORDS};
use cryo_model::server::events::filling::Filling;
use cryo_model::server::events::inbox::Inbox;
use cryo_model::session::Session;
use loom::sync::Notify;
use loom::thread;

/// The inbox, and the event loop's way to sleep. Waking it twice before it looks is waking it once, as with libuv.
fn inbox() -> (Arc<Inbox>, Arc<Notify>) {
    let bell = Arc::new(Notify::new());
    let ring = Arc::clone(&bell);
    (Arc::new(Inbox::new(Box::new(move || ring.notify()))), bell)
}

/// A session that only is carried.
fn link() -> Arc<Link> {
    let (_, socket) = Client::new(0, []).split();
    Link::new(Default::default(), 1, Session::new(1, Arc::default()), WriteBuffer::new(Role::Server), None, socket)
}

/// What the I/O thread does.
fn on_io_thread<R: 'static>(inbox: &Arc<Inbox>, work: impl FnOnce(&Inbox) -> R + 'static) -> thread::JoinHandle<R> {
    let inbox = Arc::clone(inbox);
    thread::spawn(move || {
        inbox.resting_thread();
        work(&inbox)
    })
}

fn event(filling: &mut Filling) {
    filling.batch.push(0, Code::Connected, 0, 0, &[]);
}

/// The application's thread: sleeps, and takes what is there, until it has `events`. How many flushes it made.
fn deliver(inbox: &Inbox, bell: &Notify, events: usize) -> usize {
    let (mut taken, mut flushed) = (0, 0);
    while taken < events {
        bell.wait();
        let mut batch = Batch::default();
        loop {
            flushed += inbox.take_unflushed().1.len();
            match inbox.next(batch) {
                Some(next) => batch = next,
                None => break,
            }
            taken += batch.words.len() / WORDS;
        }
    }
    assert_eq!(taken, events);
    flushed
}

#[test]
fn the_io_thread_writes_and_rests() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = on_io_thread(&inbox, |inbox| {
            let link = link();
            for _ in 0..2 {
                inbox.write(|filling| {
                    event(filling);
                    filling.flush_after(&link);
                });
                inbox.rest();
            }
        });
        let flushed = deliver(&inbox, &bell, 2);
        io.join().expect("the I/O thread");
        assert_eq!((flushed, inbox.pulse().1), (2, 0), "output left behind");
    });
}

#[test]
fn both_threads_write() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = on_io_thread(&inbox, |inbox| {
            inbox.write(event);
            inbox.rest();
        });
        // A command that settles something, outside of any delivery.
        inbox.write(event);
        deliver(&inbox, &bell, 2);
        io.join().expect("the I/O thread");
    });
}

#[test]
fn the_application_writes_while_the_io_thread_rests() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = on_io_thread(&inbox, Inbox::rest);
        inbox.write(event);
        deliver(&inbox, &bell, 1);
        io.join().expect("the I/O thread");
    });
}

#[test]
fn the_application_looks_in_vain() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = on_io_thread(&inbox, |inbox| {
            inbox.write(event);
            inbox.rest();
        });
        let attended = inbox.attend();
        if !inbox.withdraw(attended) {
            bell.notify();
        }
        deliver(&inbox, &bell, 1);
        io.join().expect("the I/O thread");
    });
}

#[test]
fn output_that_waits_too_long_leaves_once() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = on_io_thread(&inbox, |inbox| {
            inbox.write(|filling| {
                event(filling);
                filling.flush_after(&link());
            });
            inbox.rest();
            let (number, _) = inbox.pulse();
            inbox.take_overdue(number).len()
        });
        let flushed = deliver(&inbox, &bell, 1);
        assert_eq!(flushed + io.join().expect("the I/O thread"), 1, "left behind, or flushed twice");
    });
}
