//! The outbox of a slow reader: queueing, and what each drop policy costs once it is full.

use cryo_server::protocol::{Frame, FrameType};
use cryo_server::session::config::{Config, DropPolicy};
use cryo_server::session::outbox::{Outbox, Queued};
use divan::{Bencher, black_box};

/// Messages that wait.
const FULL: usize = 4096;

fn main() {
    divan::main();
}

fn frame(number: u32) -> Queued {
    let payload = number.to_le_bytes().repeat(16);
    let frame = Frame::Binary { ack: number, payload: &payload };
    Queued::new(frame.head(1), &payload, FrameType::BinaryData, Some(number))
}

fn full(config: &Config) -> Outbox {
    let mut outbox = Outbox::default();
    for number in 0..FULL as u32 {
        outbox.push(config, frame(number), |_| {});
    }
    outbox
}

#[divan::bench]
fn push_and_pop(bencher: Bencher) {
    let config = Config::default();
    let mut outbox = Outbox::default();
    bencher.with_inputs(|| frame(1)).bench_local_values(|frame| {
        outbox.push(&config, frame, |_| {});
        black_box(outbox.pop())
    });
}

#[divan::bench(args = [DropPolicy::Oldest, DropPolicy::Newest, DropPolicy::Dedupe])]
fn push_when_full(bencher: Bencher, drop_policy: DropPolicy) {
    let config = Config { drop_policy, max_queue_count: FULL, ..Config::default() };
    let mut outbox = full(&config);
    let mut number = FULL as u32;
    bencher
        .with_inputs(|| {
            number += 1;
            frame(number)
        })
        .bench_local_values(|frame| {
            outbox.push(&config, frame, |dropped| {
                black_box(dropped);
            });
        });
}
