//! Output with its socket at hand, so that a large payload need not be copied on its way.

use super::outgoing::Outgoing;
use super::socket::WriteHalf;
use crate::session::Wire;

/// Size of a payload in bytes from which on it goes to the socket from where it lies. Smaller ones are copied, since messages of one
/// session then share a system call.
const DIRECT: usize = 16 * 1024;

/// A connection's output for as long as its socket is lent to it.
#[derive(Debug)]
pub struct Direct<'a> {
    outgoing: &'a mut Outgoing,
    socket: Option<&'a WriteHalf>,
}

impl<'a> Direct<'a> {
    /// Without a socket everything waits in `outgoing`.
    pub fn new(outgoing: &'a mut Outgoing, socket: Option<&'a WriteHalf>) -> Self {
        Self { outgoing, socket }
    }
}

impl Wire for Direct<'_> {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        match self.socket {
            Some(socket) if tail.len() >= DIRECT => self.outgoing.frame_through(socket, head, tail),
            _ => self.outgoing.frame(head, tail),
        }
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.outgoing.close(code, reason);
    }

    fn pending(&self) -> usize {
        self.outgoing.pending()
    }

    fn taken(&self) -> u64 {
        self.outgoing.taken()
    }
}
