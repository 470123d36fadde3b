//! The Cryo codec: frames to bytes and back.

use cryo_server::protocol::{Frame, decode};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const SID: u64 = 0x8000_0000_0000_0001;
const SIZES: [usize; 3] = [64, 1024, 16 * 1024];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn encode_binary(bencher: Bencher, size: usize) {
    let payload = vec![7; size];
    let mut out = Vec::with_capacity(size + 64);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        Frame::Binary { ack: black_box(1), payload: &payload }.encode_into(SID, &mut out);
        black_box(out.len())
    });
}

#[divan::bench(args = SIZES)]
fn decode_binary(bencher: Bencher, size: usize) {
    let payload = vec![7; size];
    let mut bytes = Vec::new();
    Frame::Binary { ack: 1, payload: &payload }.encode_into(SID, &mut bytes);
    bencher.bench(|| decode(black_box(&bytes)).is_ok());
}

#[divan::bench]
fn encode_ack(bencher: Bencher) {
    let mut out = Vec::with_capacity(64);
    bencher.bench_local(|| {
        out.clear();
        Frame::Ack { ack: black_box(1) }.encode_into(SID, &mut out);
        black_box(out.len())
    });
}

#[divan::bench]
fn decode_ack(bencher: Bencher) {
    let mut bytes = Vec::new();
    Frame::Ack { ack: 1 }.encode_into(SID, &mut bytes);
    bencher.bench(|| decode(black_box(&bytes)).is_ok());
}
