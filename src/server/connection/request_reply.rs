//! Whether a session keeps asking, one question after the other, while little else goes on.

use crate::session::Micros;

/// Readings in a row that show it.
const READINGS: u8 = 4;

/// Messages and control frames of one reading, and their bytes, up to which a session is one that asks and waits.
const FEW: usize = 4;
const SHORT: usize = 8 * 1024;

/// Time between two readings, in microseconds. With more, a [lent](super::lending) socket would be taken back before the next.
const LONGEST_PAUSE: Micros = 250_000;

/// How a session talks.
#[derive(Debug, Default)]
pub struct RequestReply {
    readings: u8,
    last: Micros,
}

impl RequestReply {
    /// Notes a reading of so many messages and control frames in so many bytes, and whether it is one of too many beside each other.
    pub fn note(&mut self, now: Micros, (items, bytes): (usize, usize), busy: bool) {
        let goes_on = !busy && is_little(items, bytes) && now.saturating_sub(self.last) <= LONGEST_PAUSE;
        self.readings = if goes_on { self.readings.saturating_add(1) } else { 0 };
        self.last = now;
    }

    /// Whether it has talked so for some time.
    pub fn is_steady(&self) -> bool {
        self.readings >= READINGS
    }
}

/// Whether a session that asks and waits may have sent so much.
pub fn is_little(items: usize, bytes: usize) -> bool {
    items <= FEW && bytes <= SHORT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a session talks after `READINGS` quick readings and one more, of `reading`, so much later.
    fn after(pause: Micros, reading: (usize, usize), busy: bool) -> RequestReply {
        let mut session = RequestReply::default();
        for at in 1..=Micros::from(READINGS) {
            assert!(!session.is_steady());
            session.note(at, (1, 100), false);
        }
        assert!(session.is_steady());
        session.note(Micros::from(READINGS) + pause, reading, busy);
        session
    }

    #[test]
    fn a_pause_much_traffic_or_much_at_once_begin_anew() {
        assert!(after(LONGEST_PAUSE, (FEW, SHORT), false).is_steady());
        assert!(!after(LONGEST_PAUSE + 1, (1, 100), false).is_steady());
        assert!(!after(1, (1, 100), true).is_steady());
        assert!(!after(1, (FEW + 1, 100), false).is_steady());
        assert!(!after(1, (1, SHORT + 1), false).is_steady());
    }
}
