//! No event is left behind without a wake-up, no output without a flush, and no reader paused for ever, whatever the threads' order. A lost
//! wake-up is a deadlock here, which loom reports.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cryo_model::server::batch::Batch;
use cryo_model::server::inbox::Inbox;
use cryo_model::server::link::Link;
use loom::sync::Notify;
use loom::thread;

/// The inbox, and the event loop's way to sleep. Waking it twice before it looks is waking it once, as with libuv.
fn inbox() -> (Arc<Inbox>, Arc<Notify>) {
    let bell = Arc::new(Notify::new());
    let ring = Arc::clone(&bell);
    (Arc::new(Inbox::new(Box::new(move || ring.notify()))), bell)
}

/// The application's thread: sleeps, and takes what is there, until it has `events`. How many flushes it made.
fn deliver(inbox: &Inbox, bell: &Notify, events: usize) -> usize {
    let (mut taken, mut flushed) = (Vec::new(), 0);
    while taken.len() < events {
        bell.wait();
        let mut batch = Batch::default();
        loop {
            flushed += inbox.take_unflushed().len();
            match inbox.next(batch) {
                Some(next) => batch = next,
                None => break,
            }
            taken.extend_from_slice(&batch.words);
        }
    }
    assert_eq!(taken.len(), events);
    flushed
}

#[test]
fn the_io_thread_writes_and_rests() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let link = Arc::new(Link::default());
        let io = thread::spawn({
            let (inbox, link) = (Arc::clone(&inbox), Arc::clone(&link));
            move || {
                inbox.resting_thread();
                for event in 0..2 {
                    inbox.write(|filling| {
                        filling.batch.words.push(event);
                        filling.flush_after(&link);
                        filling.resume_after(&link);
                    });
                    inbox.rest();
                }
            }
        });
        let flushed = deliver(&inbox, &bell, 2);
        io.join().expect("the I/O thread");
        assert_eq!((flushed, inbox.pulse().1), (2, 0), "output left behind");
        assert_eq!(link.roused.load(Ordering::Relaxed), 2, "a reader left paused");
    });
}

#[test]
fn both_threads_write() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || {
                inbox.resting_thread();
                inbox.write(|filling| filling.batch.words.push(1));
                inbox.rest();
            }
        });
        // A command that settles something, outside of any delivery.
        inbox.write(|filling| filling.batch.words.push(2));
        deliver(&inbox, &bell, 2);
        io.join().expect("the I/O thread");
    });
}

#[test]
fn output_that_waits_too_long_leaves_once() {
    loom::model(|| {
        let (inbox, bell) = inbox();
        let io = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || {
                inbox.resting_thread();
                inbox.write(|filling| {
                    filling.batch.words.push(1);
                    filling.flush_after(&Arc::new(Link::default()));
                });
                inbox.rest();
                let (number, _) = inbox.pulse();
                inbox.take_overdue(number).len()
            }
        });
        let flushed = deliver(&inbox, &bell, 1);
        assert_eq!(flushed + io.join().expect("the I/O thread"), 1, "left behind, or flushed twice");
    });
}
