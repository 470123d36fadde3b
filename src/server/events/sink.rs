//! How a session's events are written to a batch.

use super::batch::{ASCII_FLAG, Batch, Code, EventHeader, VERDICT_FLAG};
use crate::session::{Body, Event, Events, MessageKind, Stats};

/// One session's way into a [`Batch`].
#[derive(Debug)]
pub struct Sink<'a> {
    batch: &'a mut Batch,
    slot: u32,
    number: u64,
}

impl<'a> Sink<'a> {
    /// Writes events of the session in `slot` to `batch`, which is number `number`.
    pub fn new(batch: &'a mut Batch, slot: u32, number: u64) -> Self {
        Self { batch, slot, number }
    }

    /// A heartbeat round.
    pub fn stats(&mut self, stats: &Stats) {
        let values = [stats.rtt_ms, stats.rx as f64, stats.tx as f64, f64::from(stats.ack_timeouts)];
        self.batch.doubles(self.slot, Code::Stats, values);
    }

    fn message(&mut self, kind: MessageKind, ack: u32, body: Body<'_>, verdict: bool) {
        let code = match kind {
            MessageKind::Utf8 => Code::Utf8,
            MessageKind::Binary => Code::Binary,
            MessageKind::Error => Code::Error,
        };
        let mut flags = if verdict { VERDICT_FLAG } else { 0 };
        if kind != MessageKind::Binary && body.as_slice().is_ascii() {
            flags |= ASCII_FLAG;
        }
        self.batch.carry(EventHeader { slot: self.slot, code, flags, a: ack, b: 0 }, body);
    }

    fn carry(&mut self, code: Code, a: u32, b: u32, body: Body<'_>) {
        self.batch.carry(EventHeader { slot: self.slot, code, flags: 0, a, b }, body);
    }

    fn numbers(&mut self, code: Code, a: u32, b: u32) {
        self.batch.push(self.slot, code, a, b, &[]);
    }
}

impl Events for Sink<'_> {
    fn batch(&self) -> u64 {
        self.number
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Message { kind, ack, body, verdict } => self.message(kind, ack, body, verdict),
            Event::Settled { token, outcome } => self.batch.settled(self.slot, token, outcome),
            Event::Connected { transactions } => self.numbers(Code::Connected, u32::from(transactions), 0),
            Event::StreamStarted { tx_id, byte_length, name } => {
                let name = Body::new(name.into(), 0);
                self.carry(Code::TxStart, tx_id, byte_length as u32, name);
            }
            Event::StreamChunk { tx_id, seq, body } => self.carry(Code::TxChunk, tx_id, seq, body),
            Event::StreamFinished { tx_id } => self.numbers(Code::TxFinish, tx_id, 0),
            Event::StreamCancelled { side, tx_id } => self.numbers(Code::TxCancel, tx_id, side as u32),
            Event::RangeRequested { tx_id, start, end } => {
                let range = [start.to_le_bytes(), end.to_le_bytes()];
                self.batch.push(self.slot, Code::TxFetch, tx_id, 0, range.as_flattened());
            }
            Event::FlowChanged(behaviour) => self.numbers(Code::TxFlow, behaviour as u32, 0),
            Event::StreamSettled { tx_id, step, outcome } => {
                self.numbers(Code::TxSettled, tx_id, step as u32 | (outcome as u32) << 8);
            }
            Event::Room { left } => self.numbers(Code::TxRoom, u32::try_from(left).unwrap_or(u32::MAX), 0),
        }
    }
}
