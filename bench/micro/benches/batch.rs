//! Events on their way to JavaScript: filling a batch and taking it back for the next one.

use std::borrow::Cow;

use cryo_server::server::events::batch::Batch;
use cryo_server::session::{Body, Event, Events, MessageKind, Outcome};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

/// Events of a batch.
const EVENTS: u32 = 256;
/// Bytes a batch keeps between two uses.
const KEPT: usize = 256 * 1024;

fn main() {
    divan::main();
}

fn fill(bencher: Bencher, event: impl Fn(u32) -> Event<'static> + Sync) {
    let mut batch = Batch::default();
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        for number in 0..EVENTS {
            batch.sink(number % 64, 1).event(event(number));
        }
        black_box(batch.size());
        batch.recycle(KEPT);
    });
}

#[divan::bench(args = [64, 1024])]
fn messages(bencher: Bencher, size: usize) {
    let frame: &'static [u8] = vec![7; 13 + size].leak();
    fill(bencher, |ack| Event::Message {
        kind: MessageKind::Binary,
        ack,
        body: Body::new(Cow::Borrowed(frame), 13),
        verdict: false,
    });
}

#[divan::bench]
fn settlements(bencher: Bencher) {
    fill(bencher, |token| Event::Settled { token, outcome: Outcome::Acknowledged });
}
