//! The bytes a socket has not taken yet: framed here, encrypted if need be, and written without ever waiting.

use std::io::{self, IoSlice, Write};

use tokio_rustls::rustls::Connection;

use super::socket::WriteHalf;
use super::spare;
use super::websocket::{self, Role};
use crate::session::Wire;

/// Capacity in bytes a connection may keep between two heartbeat rounds: ACKs and short replies then need no allocation.
const KEPT_CAPACITY: usize = 4096;

/// How much plaintext rustls gets at a time, in bytes: its own buffer is then bounded too.
const TLS_PORTION: usize = 64 * 1024;

/// Bytes already taken that may stand before the rest until they are moved out of the way.
const COMPACT_AT: usize = 64 * 1024;

/// What a [`flush`](WriteBuffer::flush) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// The socket has taken everything.
    Done,
    /// The socket takes no more now.
    Blocked,
}

/// WebSocket bytes on their way out.
#[derive(Debug)]
pub struct WriteBuffer {
    role: Role,
    bytes: Vec<u8>,
    /// Where in `bytes` begins what the socket, or rustls, has not taken yet.
    offset: usize,
    /// Bytes that the socket, or rustls, has taken since the beginning.
    total: u64,
    /// The peer is gone: nobody gets what waits, and what comes.
    lost: bool,
}

impl WriteBuffer {
    /// Nothing yet. `role` decides whether frames are masked.
    pub fn new(role: Role) -> Self {
        Self { role, bytes: Vec::new(), offset: 0, total: 0, lost: false }
    }

    /// A text message. Cryo has none: this is for an endpoint of plain WebSocket (`conformance/`).
    pub fn text(&mut self, payload: &[u8]) {
        websocket::put_text(&mut self.bytes, self.role, payload);
        self.drop_if_lost();
    }

    /// Answers a WebSocket ping.
    pub fn pong(&mut self, payload: &[u8]) {
        websocket::put_pong(&mut self.bytes, self.role, payload);
        self.drop_if_lost();
    }

    /// Writes to the socket until it blocks or all is gone. Which thread does so does not matter.
    ///
    /// # Errors
    /// When the socket is dead.
    pub fn flush(&mut self, socket: &WriteHalf, tls: Option<&mut Connection>) -> io::Result<Flushed> {
        let result = match tls {
            None => self.flush_plain(socket),
            Some(tls) => self.flush_tls(socket, tls),
        };
        match result {
            Ok(()) => Ok(Flushed::Done),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Flushed::Blocked),
            Err(error) => Err(error),
        }
    }

    fn flush_plain(&mut self, socket: &WriteHalf) -> io::Result<()> {
        while self.pending() > 0 {
            match socket.try_write(self.rest())? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => self.take(n),
            }
        }
        Ok(())
    }

    fn flush_tls(&mut self, mut socket: &WriteHalf, tls: &mut Connection) -> io::Result<()> {
        loop {
            while tls.wants_write() {
                if tls.write_tls(&mut socket)? == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
            }
            if self.pending() == 0 {
                return Ok(());
            }
            let rest = self.rest();
            let portion = rest.get(..TLS_PORTION).unwrap_or(rest);
            match tls.writer().write(portion)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => self.take(n),
            }
        }
    }

    /// Sends a frame from where it lies, behind what waits; what the socket does not take now is copied. An error is left to the next
    /// [`flush`](WriteBuffer::flush), which meets it again.
    pub fn frame_through(&mut self, socket: &WriteHalf, head: &[u8], tail: &[u8]) {
        let header = websocket::message_header(self.role, head.len() + tail.len());
        if header.key().is_some() {
            // What has to be masked has to be copied.
            return self.frame(head, tail);
        }
        let parts = [header.as_slice(), head, tail].map(IoSlice::new);
        let [first, second, third] = parts;
        let written = socket.try_write_vectored(&[IoSlice::new(self.rest()), first, second, third]).unwrap_or(0);
        let waiting = self.pending();
        self.take(written.min(waiting));
        let direct = written.saturating_sub(waiting);
        self.total += direct as u64;
        let mut parts = parts;
        let mut rest = parts.as_mut_slice();
        IoSlice::advance_slices(&mut rest, direct);
        rest.iter().for_each(|part| self.bytes.extend_from_slice(part));
    }

    /// The peer is gone. All that waits, and all that is still to come, counts as taken and goes nowhere.
    pub fn lose(&mut self) {
        self.lost = true;
        self.drop_if_lost();
    }

    /// Whether the peer is gone.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Gives back memory that nothing is in. For a connection that may be idle.
    pub fn relax(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }

    fn drop_if_lost(&mut self) {
        if self.lost {
            self.take(self.pending());
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    fn take(&mut self, n: usize) {
        self.offset += n;
        self.total += n as u64;
        if self.offset >= self.bytes.len() {
            self.offset = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY {
                spare::give(std::mem::take(&mut self.bytes));
            }
        } else if self.offset >= COMPACT_AT && self.offset >= self.bytes.len() / 2 {
            self.bytes.drain(..self.offset);
            self.offset = 0;
        }
    }
}

impl Wire for WriteBuffer {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        spare::reserve(&mut self.bytes, websocket::encoded_len(self.role, head.len() + tail.len()));
        websocket::put_message(&mut self.bytes, self.role, head, tail);
        self.drop_if_lost();
    }

    fn close(&mut self, code: u16, reason: &str) {
        websocket::put_close(&mut self.bytes, self.role, code, reason);
        self.drop_if_lost();
    }

    fn pending(&self) -> usize {
        self.bytes.len() - self.offset
    }

    fn taken(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::socket::Socket;

    /// What 8 MiB come to, which no socket takes at once, behind something small.
    #[tokio::test]
    async fn a_large_frame_leaves_whole_behind_what_waits() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut peer = TcpStream::connect(listener.local_addr().expect("its address")).await.expect("a connection");
        let (_, socket) = Socket::Tcp(listener.accept().await.expect("its other end").0).into_split();
        let tail: Vec<u8> = (0..8 << 20).map(|i: u32| (i % 251) as u8).collect();
        let mut expected = Vec::new();
        websocket::put_message(&mut expected, Role::Server, b"head", b"small");
        websocket::put_message(&mut expected, Role::Server, b"head", &tail);

        let mut outgoing = WriteBuffer::new(Role::Server);
        outgoing.frame(b"head", b"small");
        outgoing.frame_through(&socket, b"head", &tail);
        assert!(outgoing.pending() > 0 && outgoing.pending() < expected.len(), "a part of it has left");
        assert_eq!(outgoing.taken() + outgoing.pending() as u64, expected.len() as u64);

        let reading = tokio::spawn(async move {
            let mut received = vec![0; expected.len()];
            peer.read_exact(&mut received).await.expect("all of it");
            assert!(received == expected, "what arrived is not what was sent");
        });
        while outgoing.flush(&socket, None).expect("a socket that lives") == Flushed::Blocked {
            std::future::poll_fn(|cx| socket.poll_write_ready(cx)).await.expect("a socket that lives");
        }
        reading.await.expect("the right bytes");
    }

    #[test]
    fn what_is_lost_waits_for_nobody_and_counts_as_taken() {
        let mut outgoing = WriteBuffer::new(Role::Server);
        outgoing.frame(b"head", b"tail");
        let waited = outgoing.pending();
        outgoing.lose();
        assert_eq!((outgoing.pending(), outgoing.taken()), (0, waited as u64));
        outgoing.frame(b"head", b"tail");
        outgoing.pong(b"");
        outgoing.close(1000, "");
        assert_eq!(outgoing.pending(), 0);
        assert!(outgoing.taken() > 2 * waited as u64);
    }

    #[test]
    fn taking_forgets_and_an_idle_connection_keeps_nothing() {
        let mut outgoing = WriteBuffer::new(Role::Server);
        outgoing.frame(&[1; 13], &[2; 100_000]);
        let all = outgoing.pending();
        outgoing.take(COMPACT_AT + 1);
        assert_eq!(outgoing.pending(), all - COMPACT_AT - 1);
        assert_eq!(outgoing.offset, 0, "moved out of the way");
        assert_eq!(outgoing.rest().first(), Some(&2));
        outgoing.take(outgoing.pending());
        assert_eq!(outgoing.pending(), 0);
        assert!(outgoing.bytes.capacity() <= KEPT_CAPACITY);
        outgoing.frame(&[1; 13], &[]);
        outgoing.relax();
        assert!(outgoing.pending() > 0, "what has not left stays");
        outgoing.take(outgoing.pending());
        outgoing.relax();
        assert_eq!(outgoing.bytes.capacity(), 0);
    }
}
