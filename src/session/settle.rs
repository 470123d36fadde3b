//! Tells whoever waits for a frame how it has ended.

use super::acks::Waiter;
use super::streams::Streams;
use super::{Event, Events, Outcome};

/// Tells the application how a frame ended that it waited for. Our streams are among those only while they are open: of their
/// cancellation it has heard.
pub(super) fn settle<E: Events>(waiter: Waiter, outcome: Outcome, streams: Option<&Streams>, events: &mut E) {
    match waiter {
        Waiter::Nobody => {}
        Waiter::Send(token) => events.event(Event::Settled { token, outcome }),
        Waiter::Stream(tx_id, step) => {
            if streams.is_some_and(|streams| streams.outgoing.contains(&tx_id)) {
                events.event(Event::StreamSettled { tx_id, step, outcome });
            }
        }
    }
}
