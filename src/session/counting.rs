//! Counters and histograms that any thread may read. Most are written by one thread at a time, which makes them cheap enough for every frame.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Micros;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`; any thread may.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// Adds `n`, where a lock lets only one thread add at a time: no locked instruction then. With two at once, counts would be lost.
    pub fn add_alone(&self, n: u64) {
        self.0.store(self.0.load(Relaxed) + n, Relaxed);
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of a histogram's buckets in microseconds, each included; the last bucket has none.
pub const BOUNDS: [Micros; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    10_000_000,
];

/// How long something took, in buckets. Whoever records holds a lock that lets only one thread do so at a time.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Counter; BOUNDS.len() + 1],
    sum: Counter,
}

impl Histogram {
    /// One more time, in microseconds.
    pub fn record(&self, micros: Micros) {
        let at = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.add_alone(1);
        }
        self.sum.add_alone(micros);
    }

    /// How many times are in each bucket.
    pub fn buckets(&self) -> [u64; BOUNDS.len() + 1] {
        self.buckets.each_ref().map(Counter::get)
    }

    /// All times together, in microseconds.
    pub fn sum(&self) -> Micros {
        self.sum.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for micros in [0, 50, 51, 10_000_000, 10_000_001] {
            histogram.record(micros);
        }
        let mut expected = [0; BOUNDS.len() + 1];
        (expected[0], expected[1], expected[15], expected[16]) = (2, 1, 1, 1);
        assert_eq!(histogram.buckets(), expected);
        assert_eq!(histogram.sum(), 20_000_102);
    }
}
