//! The sessions with output that the application's turn has left to be written.

use std::sync::Arc;

use crate::server::connection::link::Link;
use crate::server::events::batch::Batch;
use crate::session::Micros;

/// How long output waits for more of the same turn, in microseconds: what a loop sends to one session then leaves in one write.
const LONGEST_UNWRITTEN: Micros = 10_000;

/// Bytes of payload that may wait so: copied by then, they should still be in the CPU's cache when they are written.
const MAX_UNWRITTEN: usize = 1 << 20;

/// Sessions to be written to, each once.
#[derive(Default)]
pub struct Dirty {
    links: Vec<Arc<Link>>,
    /// When the first of them came to have output, and how much there is about.
    since: Option<Micros>,
    bytes: usize,
}

impl Dirty {
    /// Notes a session that was not noted yet.
    pub fn push(&mut self, link: &Arc<Link>) {
        self.links.push(Arc::clone(link));
    }

    /// Whether what waits, with `bytes` more, has to be written although the turn goes on.
    pub fn is_due(&mut self, now: Micros, bytes: usize) -> bool {
        self.bytes += bytes;
        let since = *self.since.get_or_insert(now);
        self.bytes >= MAX_UNWRITTEN || now.saturating_sub(since) >= LONGEST_UNWRITTEN
    }

    /// Writes what the sockets take.
    pub fn write(&mut self, now: Micros, events: &mut Batch) {
        (self.since, self.bytes) = (None, 0);
        for link in self.links.drain(..) {
            let mut core = link.lock();
            core.dirty = false;
            link.flush(&mut core, now, events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_waits_for_more_but_neither_long_nor_much() {
        let mut dirty = Dirty::default();
        assert!(!dirty.is_due(1_000_000, 1000));
        assert!(!dirty.is_due(1_000_000 + LONGEST_UNWRITTEN - 1, 1000));
        assert!(dirty.is_due(1_000_000 + LONGEST_UNWRITTEN, 0), "it has waited long enough");
        dirty.write(2_000_000, &mut Batch::default());
        assert!(!dirty.is_due(2_000_000, MAX_UNWRITTEN - 1), "time and bytes begin anew");
        assert!(dirty.is_due(2_000_000, 1), "it is too much");
    }
}
