//! What a scenario counts and times.

use std::time::Instant;

use anyhow::Result;
use serde_json::Value;

use crate::latency::Latency;

/// Messages, and how long they took, since the measurement began.
#[derive(Debug)]
pub struct Tally {
    /// Messages echoed or received, connections served, chunks.
    pub messages: u64,
    /// Their payload, in bytes.
    pub bytes: u64,
    latency: Latency,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Result<Self> {
        Ok(Self { messages: 0, bytes: 0, latency: Latency::new()? })
    }

    /// Adds a message with so many bytes of payload.
    pub fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }

    /// Adds a round trip.
    pub fn time(&mut self, since: Instant, now: Instant) {
        self.latency.record(now.saturating_duration_since(since));
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        (self.messages, self.bytes) = (0, 0);
        self.latency.reset();
    }

    /// Percentiles of the round-trip times, in microseconds; null where there are none.
    pub fn latency(&self) -> Value {
        self.latency.percentiles()
    }
}
