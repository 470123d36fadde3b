//! What a session knows of the streams that are open on it.

use std::collections::HashSet;

use super::event::Side;
use super::transit::Transit;

/// The open streams. What they carry is not kept here: chunks pass through.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Numbers of the peer's streams.
    pub(super) incoming: HashSet<u32>,
    /// Numbers of ours. They may be the same as the peer's: each side chooses for itself.
    pub(super) outgoing: HashSet<u32>,
    /// Chunks of ours on their way to the socket.
    pub(super) transit: Transit,
}

impl Streams {
    /// Forgets a stream; whether it was open.
    pub(super) fn close(&mut self, side: Side, tx_id: u32) -> bool {
        match side {
            Side::Theirs => self.incoming.remove(&tx_id),
            Side::Ours => self.outgoing.remove(&tx_id),
        }
    }
}
