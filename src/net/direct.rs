//! Output with its socket at hand: payloads are gathered, so that several leave in one system call, until there is enough for one.

use super::socket::WriteHalf;
use super::write_buffer::WriteBuffer;
use crate::session::Wire;

/// Bytes from which on what waits leaves together with the next payload, which then need not be copied. A system call, and the peer that it
/// wakes, cost more than copies of fewer bytes.
const GATHERED: usize = 64 * 1024;

/// Size of such a payload in bytes from which on saving its copy is worth a system call that may find the socket full.
const DIRECT: usize = 4 * 1024;

/// A connection's output, for a call that may write its socket.
#[derive(Debug)]
pub struct Direct<'a> {
    outgoing: &'a mut WriteBuffer,
    socket: Option<&'a WriteHalf>,
}

impl<'a> Direct<'a> {
    /// Without a socket everything waits in `outgoing`.
    pub fn new(outgoing: &'a mut WriteBuffer, socket: Option<&'a WriteHalf>) -> Self {
        Self { outgoing, socket }
    }
}

impl Wire for Direct<'_> {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        match self.socket {
            Some(socket) if tail.len() >= DIRECT && self.outgoing.pending() + tail.len() >= GATHERED => {
                self.outgoing.frame_through(socket, head, tail);
            }
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

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::socket::Socket;
    use crate::net::websocket::Role;

    #[tokio::test]
    async fn payloads_wait_until_there_is_enough_for_a_system_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let peer = TcpStream::connect(listener.local_addr().expect("its address")).await.expect("a connection");
        let (_read, socket) = Socket::Tcp(listener.accept().await.expect("its other end").0).into_split();
        let mut outgoing = WriteBuffer::new(Role::Server);
        let mut direct = Direct::new(&mut outgoing, Some(&socket));
        for payload in [&[1; GATHERED / 2][..], &[2; DIRECT], &[3; 1]] {
            direct.frame(b"head", payload);
        }
        assert_eq!((direct.taken(), direct.pending() > GATHERED / 2), (0, true));
        let waited = direct.pending();
        direct.frame(b"head", &[4; GATHERED / 2]);
        assert_eq!(direct.pending(), 0);
        assert!(direct.taken() > (waited + GATHERED / 2) as u64);
        for _ in 0..GATHERED {
            direct.frame(b"head", &[5]);
        }
        assert!(direct.pending() > GATHERED, "short ones are not worth a system call each");
        drop(peer);
    }

    #[test]
    fn without_a_socket_everything_waits() {
        let mut outgoing = WriteBuffer::new(Role::Server);
        let mut direct = Direct::new(&mut outgoing, None);
        direct.frame(b"head", &[1; GATHERED]);
        assert!(direct.pending() > GATHERED);
    }
}
