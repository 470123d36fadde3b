//! How long the peer takes to acknowledge, smoothed.

use crate::session::Micros;

/// Weight of the newest sample.
const ALPHA: f64 = 0.2;

/// An exponentially weighted mean, seeded by the first sample.
#[derive(Debug, Default)]
pub(super) struct RoundTrip(Option<f64>);

impl RoundTrip {
    /// One more round trip.
    pub(super) fn sample(&mut self, micros: Micros) {
        let ms = micros as f64 / 1000.0;
        self.0 = Some(self.0.map_or(ms, |mean| mean + ALPHA * (ms - mean)));
    }

    /// The mean in milliseconds; `None` without any sample.
    pub(super) fn mean_ms(&self) -> Option<f64> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_seeded_and_then_smoothed() {
        let mut round_trip = RoundTrip::default();
        assert_eq!(round_trip.mean_ms(), None);
        round_trip.sample(10_000);
        assert_eq!(round_trip.mean_ms(), Some(10.0));
        round_trip.sample(20_000);
        assert_eq!(round_trip.mean_ms(), Some(12.0));
    }
}
