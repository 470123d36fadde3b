//! Round-trip times.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Times of the messages one session waits for, oldest first: answers come in order.
pub type InFlight = VecDeque<Instant>;

/// Round-trip times of all sessions, to three digits.
#[derive(Debug)]
pub struct Latency(Histogram<u64>);

impl Latency {
    /// No times yet.
    pub fn new() -> Result<Self> {
        let hour = Duration::from_secs(3600).as_nanos() as u64;
        Ok(Self(Histogram::new_with_bounds(1, hour, 3)?))
    }

    /// Adds one.
    pub fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Forgets all.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// Percentiles in microseconds; null when nothing was recorded.
    pub fn percentiles(&self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        json!({ "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": self.0.max() as f64 / 1000.0 })
    }
}
