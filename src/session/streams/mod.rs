//! What a session knows of the streams that are open on it, and what it does with their frames.
//!
//! | module | holds |
//! |---|---|
//! | `incoming` | frames of the peer's streams, and what it says about ours |
//! | `outgoing` | our streams, and what we say about the peer's |
//! | `transit` | how much of our streams the socket has not taken yet |

mod incoming;
mod outgoing;
mod transit;

use std::collections::{HashMap, HashSet};

use super::event::Side;
use transit::Transit;

/// The open streams. What they carry is not kept here: chunks pass through.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// The peer's streams by their numbers: how many it had begun before each. The peer may use a number again once it is through, of which the
    /// application hears later.
    incoming: HashMap<u32, u32>,
    /// How many the peer has begun.
    begun: u32,
    /// Numbers of ours. They may be the same as the peer's: each side chooses for itself.
    pub(super) outgoing: HashSet<u32>,
    /// Chunks of ours on their way to the socket.
    transit: Transit,
}

impl Streams {
    /// The peer begins a stream. One of the same number that is open is forgotten.
    fn begin(&mut self, tx_id: u32) {
        self.incoming.insert(tx_id, self.begun);
        self.begun = self.begun.wrapping_add(1);
    }

    /// Forgets a stream of the peer's before which it had begun `before` others; whether it was open.
    fn refuse(&mut self, tx_id: u32, before: u32) -> bool {
        self.incoming.get(&tx_id) == Some(&before) && self.close(Side::Theirs, tx_id)
    }

    /// Forgets a stream; whether it was open.
    fn close(&mut self, side: Side, tx_id: u32) -> bool {
        match side {
            Side::Theirs => self.incoming.remove(&tx_id).is_some(),
            Side::Ours => self.outgoing.remove(&tx_id),
        }
    }
}
