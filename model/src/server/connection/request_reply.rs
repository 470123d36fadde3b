//! Every session's socket is lent as soon as it may be.

use crate::session::Micros;

#[derive(Default)]
pub struct RequestReply(());

impl RequestReply {
    pub fn note(&mut self, _now: Micros, _reading: (usize, usize), _busy: bool) {}

    pub fn is_steady(&self) -> bool {
        true
    }
}

pub fn is_little(_items: usize, _bytes: usize) -> bool {
    true
}
