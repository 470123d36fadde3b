//! The inbox: when the JavaScript thread is woken, and what it finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::server::events::batch::{Batch, Code};
use crate::server::events::filling::LONGEST_HELD;
use crate::server::events::inbox::Inbox;

fn inbox() -> (Inbox, Arc<AtomicUsize>) {
    let wakes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&wakes);
    (
        Inbox::new(Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        })),
        wakes,
    )
}

fn connected(inbox: &Inbox, slot: u32) {
    inbox.write(|filling| filling.batch.push(slot, Code::Connected, 0, 0, &[]));
}

#[test]
fn there_is_more_until_it_is_taken() {
    let (inbox, _) = inbox();
    assert!(!inbox.has_more());
    connected(&inbox, 1);
    assert!(inbox.has_more());
    let batch = inbox.next(Batch::default());
    assert!(batch.is_some() && !inbox.has_more());
}

#[test]
fn one_wake_up_until_nothing_is_left() {
    let (inbox, wakes) = inbox();
    inbox.write(|_| ());
    assert_eq!(wakes.load(Ordering::Relaxed), 0, "nothing to deliver");
    connected(&inbox, 1);
    connected(&inbox, 2);
    assert_eq!(wakes.load(Ordering::Relaxed), 1);
    let first = inbox.next(Batch::default()).expect("events");
    assert_eq!(first.words.len(), 10);
    connected(&inbox, 3);
    assert_eq!(wakes.load(Ordering::Relaxed), 1, "it will look again");
    assert_eq!(inbox.done(), 0);
    let second = inbox.next(first).expect("events");
    assert_eq!(inbox.done(), 1);
    assert!(inbox.next(second).is_none());
    assert_eq!(inbox.done(), 2);
    connected(&inbox, 4);
    assert_eq!(wakes.load(Ordering::Relaxed), 2);
}

#[test]
fn who_attends_in_vain_is_woken_as_before() {
    let (inbox, wakes) = inbox();
    let attended = inbox.attend();
    assert!(!attended && inbox.withdraw(attended));
    connected(&inbox, 1);
    assert_eq!(wakes.load(Ordering::Relaxed), 1);
    assert!(inbox.attend() && !inbox.withdraw(true));
    let batch = inbox.next(Batch::default()).expect("events");
    assert!(inbox.attend() && inbox.withdraw(true));
    connected(&inbox, 2);
    assert_eq!(wakes.load(Ordering::Relaxed), 1, "it will look again");
    assert!(inbox.next(batch).is_some());
}

#[test]
fn the_io_thread_wakes_when_it_rests_or_after_a_while() {
    let (inbox, wakes) = inbox();
    let io = std::thread::spawn(move || {
        let wakes = || wakes.load(Ordering::Relaxed);
        inbox.resting_thread();
        connected(&inbox, 1);
        inbox.rest();
        assert_eq!(wakes(), 1);
        let batch = inbox.next(Batch::default()).expect("events");
        assert!(inbox.next(batch).is_none());
        connected(&inbox, 2);
        std::thread::sleep(LONGEST_HELD);
        inbox.yield_cpu_if_late();
        inbox.write(|_| ());
        assert_eq!(wakes(), 2);
    });
    io.join().expect("the I/O thread");
}

#[test]
fn batches_are_filled_again_until_nothing_comes_any_more() {
    let (inbox, _) = inbox();
    let mut places = Vec::new();
    for _ in 0..4 {
        connected(&inbox, 1);
        let batch = inbox.next(Batch::default()).expect("events");
        places.push(batch.words.as_ptr());
        assert!(inbox.next(batch).is_none());
        assert!(inbox.next(Batch::default()).is_none(), "asking once more changes nothing");
    }
    assert_eq!(places, [places[0], places[1], places[0], places[1]]);
    inbox.relax();
    assert!(inbox.filling.lock().spare.is_some(), "it may be a short rest");
    inbox.relax();
    let filling = inbox.filling.lock();
    assert!(filling.spare.is_none() && filling.batch.words.capacity() == 0);
}

#[test]
fn after_the_shutdown_nothing_is_kept() {
    let (inbox, wakes) = inbox();
    inbox.shut();
    connected(&inbox, 1);
    assert!(inbox.next(Batch::default()).is_none());
    assert_eq!(wakes.load(Ordering::Relaxed), 0);
}
