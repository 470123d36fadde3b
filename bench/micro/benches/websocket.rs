//! The WebSocket framing: a read full of masked messages in, messages out.

use cryo_server::net::websocket::{Decoder, Role, put_message};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

const MAX_MESSAGE: usize = 16 << 20;
/// Payload and messages per read: many small ones, and one that takes it all.
const SHAPES: [(usize, usize); 4] = [(64, 1), (64, 16), (1024, 16), (16 * 1024, 4)];

fn main() {
    divan::main();
}

#[divan::bench(args = SHAPES)]
fn decode(bencher: Bencher, (size, messages): (usize, usize)) {
    let mut read = Vec::new();
    for _ in 0..messages {
        put_message(&mut read, Role::Client, &[1; 13], &vec![7; size]);
    }
    // Unmasking happens in place, so that each round takes a fresh copy.
    bencher
        .counter(ItemsCount::new(messages))
        .counter(BytesCount::new(read.len()))
        .with_inputs(|| (Decoder::new(Role::Server, MAX_MESSAGE), read.clone()))
        .bench_local_refs(|(decoder, read)| {
            let mut items = 0;
            let result = decoder.feed(read, |item| {
                black_box(&item);
                items += 1;
            });
            assert!(result.is_ok() && items == messages);
        });
}

#[divan::bench(args = SHAPES)]
fn encode(bencher: Bencher, (size, messages): (usize, usize)) {
    let payload = vec![7; size];
    let mut out = Vec::with_capacity((size + 32) * messages);
    bencher.counter(ItemsCount::new(messages)).bench_local(|| {
        out.clear();
        for _ in 0..messages {
            put_message(&mut out, Role::Server, &[1; 13], black_box(&payload));
        }
        black_box(out.len())
    });
}
