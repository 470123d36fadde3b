//! Whether a session keeps asking, one question after the other, while little else goes on.

use crate::session::Micros;

/// Readings in a row that show it.
const READINGS: u8 = 4;

/// Readings whose events one batch holds, up to which little goes on. With more, waking the other thread costs each of them next to nothing.
const CROWD: u32 = 4;

/// Messages of one reading up to which a session is one that asks and waits.
const FEW: usize = 4;

/// Time between two readings, in microseconds. With more, a [lent](super::lending) socket would be taken back before the next.
const LONGEST_PAUSE: Micros = 250_000;

/// How a session talks.
#[derive(Debug, Default)]
pub struct Pace {
    readings: u8,
    last: Micros,
}

impl Pace {
    /// Notes a reading of `items` messages and control frames, one of so many `beside` each other.
    pub fn note(&mut self, now: Micros, items: usize, beside: u32) {
        let goes_on = beside <= CROWD && is_few(items) && now.saturating_sub(self.last) <= LONGEST_PAUSE;
        self.readings = if goes_on { self.readings.saturating_add(1) } else { 0 };
        self.last = now;
    }

    /// Whether it has talked so for some time.
    pub fn is_steady(&self) -> bool {
        self.readings >= READINGS
    }
}

/// Whether a session that asks and waits may have sent so much.
pub fn is_few(items: usize) -> bool {
    items <= FEW
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pace after `READINGS` quick readings and one more, of `items` messages, so much later.
    fn after(pause: Micros, items: usize, beside: u32) -> Pace {
        let mut pace = Pace::default();
        for at in 1..=Micros::from(READINGS) {
            assert!(!pace.is_steady());
            pace.note(at, 1, 1);
        }
        assert!(pace.is_steady());
        pace.note(Micros::from(READINGS) + pause, items, beside);
        pace
    }

    #[test]
    fn a_pause_a_crowd_or_many_at_once_begin_anew() {
        assert!(after(LONGEST_PAUSE, FEW, CROWD).is_steady());
        assert!(!after(LONGEST_PAUSE + 1, 1, 1).is_steady());
        assert!(!after(1, 1, CROWD + 1).is_steady());
        assert!(!after(1, FEW + 1, 1).is_steady());
    }
}
