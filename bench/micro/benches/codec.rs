//! The Cryo codec: frames to bytes and back.

use cryo_server::protocol::{Frame, decode};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const SID: u64 = 0x8000_0000_0000_0001;
const SIZES: [usize; 3] = [64, 1024, 16 * 1024];

fn main() {
    divan::main();
}

/// As the server does it, but for the WebSocket header in front.
fn encode(frame: &Frame<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&frame.head(SID));
    out.extend_from_slice(frame.tail());
}

#[divan::bench(args = SIZES)]
fn encode_binary(bencher: Bencher, size: usize) {
    let payload = vec![7; size];
    let mut out = Vec::with_capacity(size + 64);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        encode(&Frame::Binary { ack: black_box(1), payload: &payload }, &mut out);
        black_box(out.len())
    });
}

#[divan::bench(args = SIZES)]
fn decode_binary(bencher: Bencher, size: usize) {
    let payload = vec![7; size];
    let mut bytes = Vec::new();
    encode(&Frame::Binary { ack: 1, payload: &payload }, &mut bytes);
    bencher.bench(|| decode(black_box(&bytes)).is_ok());
}

#[divan::bench]
fn encode_ack(bencher: Bencher) {
    let mut out = Vec::with_capacity(64);
    bencher.bench_local(|| {
        out.clear();
        encode(&Frame::Ack { ack: black_box(1) }, &mut out);
        black_box(out.len())
    });
}

#[divan::bench]
fn decode_ack(bencher: Bencher) {
    let mut bytes = Vec::new();
    encode(&Frame::Ack { ack: 1 }, &mut bytes);
    bencher.bench(|| decode(black_box(&bytes)).is_ok());
}
