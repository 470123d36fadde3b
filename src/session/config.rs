//! What every session of a server shares: its limits and policies, and the counters of its metrics.

use std::sync::Arc;

use super::meter::Meter;

/// What happens to messages that a slow reader's full outbox can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropPolicy {
    /// The oldest queued messages make room for the new one.
    Oldest,
    /// The new message is discarded.
    Newest,
    /// The new message replaces a queued one of the same type and payload; where the queue is full all the same,
    /// the oldest queued message of its type makes room, or of any type if there is none.
    Dedupe,
}

/// The limits and policies of a session. Sizes are in bytes.
#[derive(Debug, Clone)]
pub struct Config {
    /// Bytes handed to the socket and not taken by it from which on messages wait in the outbox.
    pub high_water_mark: usize,
    /// Bytes handed to the socket and not taken by it at or below which the outbox flows again.
    pub low_water_mark: usize,
    /// Cap on the bytes that wait in the outbox.
    pub max_queued_bytes: usize,
    /// Cap on the frames that wait in the outbox.
    pub max_queue_count: usize,
    /// What goes when a cap is reached.
    pub drop_policy: DropPolicy,
    /// Whether a send that was timed out is remembered, so that an ACK that comes late still settles it.
    pub keep_late: bool,
    /// Received bytes the application has not handled yet from which on the socket is not read.
    pub max_unread: usize,
    /// Largest payload of one message.
    pub max_payload: usize,
    /// What the sessions count together.
    pub meter: Arc<Meter>,
}

impl Default for Config {
    /// The package's `"default"` profile.
    fn default() -> Self {
        Self {
            high_water_mark: 4 << 20,
            low_water_mark: 1 << 20,
            max_queued_bytes: 32 << 20,
            max_queue_count: 4096,
            drop_policy: DropPolicy::Oldest,
            keep_late: true,
            max_unread: 1 << 20,
            max_payload: crate::protocol::MAX_PAYLOAD,
            meter: Arc::default(),
        }
    }
}
