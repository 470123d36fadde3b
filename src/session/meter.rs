//! What all sessions of a server count together, for its metrics.

use std::sync::Arc;

use super::counting::{Counter, Histogram};
use crate::protocol::FrameType;

/// Frames of one type in one direction.
#[derive(Debug, Default)]
pub struct Traffic {
    /// How many there were.
    pub frames: Counter,
    /// Their bytes, without those of WebSocket and TLS.
    pub bytes: Counter,
}

/// The counters of a server's sessions. Received frames and round trips are counted only under the inbox's lock, by whichever
/// thread has read the socket: one at a time.
#[derive(Debug, Default)]
pub struct Meter {
    received: [Traffic; FrameType::ALL.len()],
    sent: [Traffic; FrameType::ALL.len()],
    /// Frames that were ignored: of an unknown type, or about a stream that is not open.
    pub ignored: Counter,
    /// Messages that the backpressure policy discarded.
    pub dropped: Counter,
    /// Frames whose ACK was overdue.
    pub ack_timeouts: Counter,
    /// From a frame's sending to its ACK.
    pub round_trips: Histogram,
}

impl Meter {
    /// What was received of a type.
    #[allow(clippy::indexing_slicing, reason = "every type has its place")]
    pub fn received(&self, frame_type: FrameType) -> &Traffic {
        &self.received[index(frame_type)]
    }

    /// What was sent of a type, but for the [`Run`]s that have not been [settled](Run::settle).
    #[allow(clippy::indexing_slicing, reason = "every type has its place")]
    pub fn sent(&self, frame_type: FrameType) -> &Traffic {
        &self.sent[index(frame_type)]
    }

    /// A frame was received.
    pub fn receive(&self, frame_type: FrameType, bytes: usize) {
        let traffic = self.received(frame_type);
        traffic.frames.add_alone(1);
        traffic.bytes.add_alone(bytes as u64);
    }
}

/// A type's place in an array of all. The numbers are 249 to 255 and 0 to 5: in a row, once they wrap.
fn index(frame_type: FrameType) -> usize {
    (frame_type as u8).wrapping_sub(FrameType::BinaryData as u8) as usize
}

/// Frames that one session has sent in a row of the same type. Two threads send, so the shared counters cost a locked
/// instruction: one a run, not one a frame.
#[derive(Debug)]
pub struct Run {
    meter: Arc<Meter>,
    frame_type: FrameType,
    frames: u32,
    bytes: u64,
}

impl Run {
    /// Nothing yet.
    pub fn new(meter: Arc<Meter>) -> Self {
        Self { meter, frame_type: FrameType::Ack, frames: 0, bytes: 0 }
    }

    /// A frame was sent.
    pub fn add(&mut self, frame_type: FrameType, bytes: usize) {
        if frame_type != self.frame_type {
            self.settle();
            self.frame_type = frame_type;
        }
        self.frames += 1;
        self.bytes += bytes as u64;
        if self.frames == u32::MAX {
            self.settle();
        }
    }

    /// Gives what was counted to the meter.
    pub fn settle(&mut self) {
        if self.frames > 0 {
            let traffic = self.meter.sent(self.frame_type);
            traffic.frames.add(u64::from(std::mem::take(&mut self.frames)));
            traffic.bytes.add(std::mem::take(&mut self.bytes));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_place_of_its_own() {
        let meter = Meter::default();
        for (bytes, frame_type) in FrameType::ALL.into_iter().enumerate() {
            meter.receive(frame_type, bytes);
        }
        for (bytes, frame_type) in FrameType::ALL.into_iter().enumerate() {
            let traffic = meter.received(frame_type);
            assert_eq!((traffic.frames.get(), traffic.bytes.get()), (1, bytes as u64));
        }
    }

    #[test]
    fn a_run_is_counted_when_it_ends_is_settled_or_dropped() {
        let meter = Arc::new(Meter::default());
        let frames = |frame_type| meter.sent(frame_type).frames.get();
        let mut run = Run::new(Arc::clone(&meter));
        run.add(FrameType::Utf8Data, 10);
        run.add(FrameType::Utf8Data, 10);
        assert_eq!(frames(FrameType::Utf8Data), 0);
        run.add(FrameType::Ack, 13);
        assert_eq!(frames(FrameType::Utf8Data), 2);
        run.settle();
        assert_eq!(frames(FrameType::Ack), 1);
        run.add(FrameType::Ack, 13);
        drop(run);
        assert_eq!(meter.sent(FrameType::Ack).bytes.get(), 26);
    }
}
