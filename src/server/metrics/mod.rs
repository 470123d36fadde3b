//! A server's figures for its operator, as Prometheus scrapes them. Nothing here runs per message: sessions count in
//! their [`Meter`](crate::session::meter::Meter).
//!
//! | module | holds |
//! |---|---|
//! | `exposition` | the text format |

mod exposition;

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::Shared;
use super::limits::Excess;
use crate::protocol::FrameType;
use crate::session::counting::Counter;
use exposition::Exposition;

/// What happens once per connection at most.
#[derive(Debug, Default)]
pub struct Metrics {
    handshakes: Mutex<BTreeMap<&'static str, u64>>,
    closes: Mutex<BTreeMap<u16, u64>>,
    over_limit: Counter,
    over_address_limit: Counter,
}

impl Metrics {
    /// A handshake is over.
    pub fn handshake(&self, outcome: &'static str) {
        *self.handshakes.lock().entry(outcome).or_default() += 1;
    }

    /// A connection was one too many.
    pub fn refused(&self, excess: Excess) {
        match excess {
            Excess::InAll => self.over_limit.add(1),
            Excess::FromAddress => self.over_address_limit.add(1),
        }
    }

    /// A session has ended, with this WebSocket close code.
    pub fn closed(&self, code: u16) {
        *self.closes.lock().entry(code).or_default() += 1;
    }
}

/// A close code as a label. Peers choose theirs out of thousands, each of which would be a time series for ever.
fn close_label(code: u16) -> String {
    match code {
        1000..=1014 | 4000..=4002 => code.to_string(),
        _ => "other".into(),
    }
}

impl Shared {
    /// All figures, in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        let mut text = Exposition::default();
        self.write_connections(&mut text);
        self.write_sessions(&mut text);
        self.write_frames(&mut text);
        text.finish()
    }

    fn write_connections(&self, text: &mut Exposition) {
        let Metrics { handshakes, over_limit, over_address_limit, .. } = &self.metrics;
        text.gauge(
            "cryo_connections",
            "Connections as maxConnections counts them, those of handshakes and plain HTTP included.",
            self.limits.connections(),
        );
        text.counters(
            "cryo_connections_refused_total",
            "Connections refused because of a limit.",
            [("maxConnections", over_limit), ("maxConnectionsPerAddress", over_address_limit)]
                .map(|(limit, count)| ([("limit", limit.into())], count.get())),
        );
        let pending = self.settings.max_pending_handshakes - self.handshakes.available_permits();
        text.gauge(
            "cryo_handshakes_pending",
            "Handshakes in progress, and connections that http_server has not taken yet.",
            pending,
        );
        let outcomes = handshakes.lock().clone();
        text.counters(
            "cryo_handshakes_total",
            "Handshakes that are over, by how they ended.",
            outcomes.into_iter().map(|(outcome, count)| ([("outcome", outcome.into())], count)),
        );
    }

    fn write_sessions(&self, text: &mut Exposition) {
        let links: Vec<_> = self.registry.lock().links().cloned().collect();
        let (mut bytes, mut frames) = (0, 0);
        for link in &links {
            let mut core = link.lock();
            let queued = core.session.queued(&core.outgoing);
            (bytes, frames) = (bytes + queued.0, frames + queued.1);
            core.session.settle_meter();
        }
        let mut closes = BTreeMap::<String, u64>::new();
        for (code, count) in &*self.metrics.closes.lock() {
            *closes.entry(close_label(*code)).or_default() += count;
        }
        text.gauge("cryo_sessions", "Sessions open.", links.len());
        text.gauge("cryo_sessions_lent", "Sessions whose sockets the event loop reads itself.", self.lending.count());
        text.counters(
            "cryo_session_closes_total",
            "Sessions that have ended, by WebSocket close code; 1006 where there was none.",
            closes.into_iter().map(|(code, count)| ([("code", code)], count)),
        );
        text.gauge("cryo_queue_bytes", "Bytes that wait for the sockets of all sessions.", bytes);
        text.gauge("cryo_queue_frames", "Frames that wait in the queues of all sessions.", frames);
    }

    fn write_frames(&self, text: &mut Exposition) {
        let meter = &self.settings.session.meter;
        let traffic = || {
            FrameType::ALL.into_iter().flat_map(|frame_type| {
                [("received", meter.received(frame_type)), ("sent", meter.sent(frame_type))].map(
                    |(direction, traffic)| {
                        ([("direction", direction.to_owned()), ("type", frame_type.name().to_owned())], traffic)
                    },
                )
            })
        };
        text.counters(
            "cryo_frames_total",
            "Frames of Cryo, by direction and type.",
            traffic().map(|(labels, traffic)| (labels, traffic.frames.get())),
        );
        text.counters(
            "cryo_frame_bytes_total",
            "Bytes of these frames, without those of WebSocket and TLS.",
            traffic().map(|(labels, traffic)| (labels, traffic.bytes.get())),
        );
        text.counter(
            "cryo_frames_ignored_total",
            "Received frames of an unknown type, or about a stream that is not open.",
            meter.ignored.get(),
        );
        text.counter(
            "cryo_messages_dropped_total",
            "Messages discarded by the backpressure policy.",
            meter.dropped.get(),
        );
        text.counter("cryo_ack_timeouts_total", "Frames not acknowledged in time.", meter.ack_timeouts.get());
        text.histogram("cryo_rtt_seconds", "Time from sending a frame to its acknowledgement.", &meter.round_trips);
        text.histogram(
            "cryo_event_handover_seconds",
            "Time that events waited for the event loop to take them.",
            self.inbox.waits(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_of_the_peers_own_choice_share_a_label() {
        assert_eq!(
            [1000, 1006, 4001, 3000, 4003, 4999].map(close_label),
            ["1000", "1006", "4001", "other", "other", "other"]
        );
    }
}
