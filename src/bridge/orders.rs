//! Batches of commands out of JavaScript's arrays: [`WORDS`] words each, `[slot, order, a, length]`, and `length` bytes of payload.

use std::sync::Arc;

use super::delivery::Delivery;
use crate::server::Shared;
use crate::server::batch::Batch;
use crate::server::handshake::Verdict;
use crate::server::link::Link;
use crate::session::{Farewell, MessageKind};

/// Words of a command.
pub const WORDS: usize = 4;

/// What JavaScript asks for. The numbers are known to `lib/codes.js` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Order {
    /// Send the payload as UTF8DATA; `a` is the send's token.
    Utf8 = 0,
    /// Send the payload as BINARYDATA; `a` is the send's token.
    Binary = 1,
    /// Send the payload as ERROR; `a` is the send's token.
    Error = 2,
    /// Send a ping.
    Ping = 3,
    /// Acknowledge message `a`: its hooks have run.
    Acknowledge = 4,
    /// Leave with BYE; the payload is its reason.
    Bye = 5,
    /// Leave without BYE, with close code `a`; the payload is the close reason.
    Close = 6,
    /// The session's end has been handled.
    Free = 7,
    /// `a` received bytes are kept beyond their batch.
    Hold = 8,
    /// `a` bytes of those have been handled.
    Release = 9,
    /// The validator's answer to handshake `slot`: `a` is 0 for no, 1 for yes, 2 for its failure.
    Answer = 10,
}

impl Order {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Utf8,
        Self::Binary,
        Self::Error,
        Self::Ping,
        Self::Acknowledge,
        Self::Bye,
        Self::Close,
        Self::Free,
        Self::Hold,
        Self::Release,
        Self::Answer,
    ];
}

/// Carries out commands, in order. Sessions with output are noted in `dirty`, settlements in `events`.
pub fn carry_out(
    shared: &Shared,
    delivery: &mut Delivery,
    words: &[u32],
    payloads: &[u8],
    dirty: &mut Vec<Arc<Link>>,
    events: &mut Batch,
) {
    let mut offset = 0usize;
    for command in words.chunks_exact(WORDS) {
        let &[slot, order, a, length] = command else { return };
        let end = offset.saturating_add(length as usize);
        // A length beyond the array would be a bug of lib/: nothing behind it can be trusted.
        let Some(payload) = payloads.get(offset..end) else { return };
        offset = end;
        let Some(order) = Order::ALL.get(order as usize) else { return };
        one(shared, delivery, slot, *order, a, payload, dirty, events);
    }
}

/// Carries out one command.
#[allow(clippy::too_many_arguments, reason = "a command's four parts and where its effects go")]
pub fn one(
    shared: &Shared,
    delivery: &mut Delivery,
    slot: u32,
    order: Order,
    a: u32,
    payload: &[u8],
    dirty: &mut Vec<Arc<Link>>,
    events: &mut Batch,
) {
    match order {
        Order::Answer => {
            let verdict = match a {
                0 => Verdict::Reject,
                1 => Verdict::Accept,
                _ => Verdict::Failed,
            };
            return shared.answer(slot, verdict);
        }
        Order::Free => {
            if delivery.forget(slot) {
                shared.free(slot);
            }
            return;
        }
        _ => {}
    }
    let Some(link) = delivery.link(slot) else { return };
    match order {
        Order::Utf8 => shared.send(link, MessageKind::Utf8, a, payload, events),
        Order::Binary => shared.send(link, MessageKind::Binary, a, payload, events),
        Order::Error => shared.send(link, MessageKind::Error, a, payload, events),
        Order::Ping => shared.ping(link, events),
        Order::Acknowledge => shared.acknowledge(link, a, events),
        Order::Bye => return shared.say_farewell(link, Farewell::bye(&String::from_utf8_lossy(payload))),
        Order::Close => {
            return shared.say_farewell(link, Farewell::silent(a as u16, &String::from_utf8_lossy(payload)));
        }
        Order::Hold => return shared.hold(link, a as usize),
        Order::Release => return shared.release(link, a as usize),
        Order::Free | Order::Answer => return,
    }
    // Commands for one session mostly come in a row.
    if !dirty.last().is_some_and(|last| Arc::ptr_eq(last, link)) {
        dirty.push(Arc::clone(link));
    }
}
