//! A connection whose requests Node.js answers, as both threads share it: the JavaScript thread writes to its socket, the task of
//! [`passthrough`](super::passthrough) reads from it. Nothing is queued here: what the socket does not take stays with JavaScript.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};

use crate::net::socket::Socket;
use crate::net::stream::Stream;
use crate::net::tls;

/// Bytes that may be on their way to the application, which has not consumed them, before the socket is no longer read.
const WINDOW: usize = 256 * 1024;

/// One such connection.
#[derive(Debug)]
pub struct Relay {
    /// Names it in events.
    pub id: u32,
    state: Mutex<State>,
    task: AtomicWaker,
}

#[derive(Debug)]
struct State {
    /// None once the connection is over.
    stream: Option<Stream>,
    /// The socket took less than was offered: the task tells when it takes more.
    blocked: bool,
    /// The application will write no more.
    ending: bool,
    /// The client knows it.
    ended: bool,
    /// The application has given the connection up.
    destroyed: bool,
    /// The application has given the connection back, with these bytes to begin with. What was received and not consumed then belongs behind
    /// them: it is on its way to JavaScript, and comes back.
    returned: Option<Vec<u8>>,
    /// Bytes received that the application has not consumed.
    unread: usize,
    /// What went wrong with a write; the task passes it on.
    failure: Option<io::Error>,
}

/// What the task finds when it looks at the writing half.
#[derive(Debug, PartialEq, Eq)]
pub enum Writing {
    /// Nothing to tell.
    Same,
    /// The socket takes bytes again, or has taken the last ones.
    Ready,
    /// The application has given the connection up.
    Destroyed,
    /// It gives it back, but has not all bytes yet that were received: there must be no more.
    Returning,
    /// It has given it back, and the connection is to be taken from here.
    Returned,
}

impl Relay {
    /// A connection that no task serves yet.
    pub fn new(id: u32, stream: Stream) -> Arc<Self> {
        let state = State {
            stream: Some(stream),
            blocked: false,
            ending: false,
            ended: false,
            destroyed: false,
            returned: None,
            unread: 0,
            failure: None,
        };
        Arc::new(Self { id, state: Mutex::new(state), task: AtomicWaker::new() })
    }

    /// Writes what the socket takes now, and says how many bytes that were. If not all, the event `HttpWritable` says when to go on.
    pub fn write(&self, bytes: &[u8]) -> usize {
        let mut state = self.state.lock();
        if state.blocked {
            return 0;
        }
        let taken = state.write(bytes);
        if state.blocked || state.failure.is_some() {
            self.task.wake();
        }
        taken
    }

    /// Nothing more will be written. False when the client can't know it yet: the event `HttpWritable` says when to ask again.
    pub fn end(&self) -> bool {
        let mut state = self.state.lock();
        if !std::mem::replace(&mut state.ending, true)
            && let Some((_, Some(tls))) = state.stream.as_mut().and_then(Stream::server_parts)
        {
            tls.send_close_notify();
        }
        state.finish();
        if !state.ended {
            self.task.wake();
        }
        state.ended
    }

    /// The application has consumed this many of the received bytes.
    pub fn consume(&self, bytes: usize) {
        let mut state = self.state.lock();
        let paused = state.unread >= WINDOW;
        state.unread = state.unread.saturating_sub(bytes);
        if paused && state.unread < WINDOW {
            self.task.wake();
        }
    }

    /// The application gives the connection up, also one that it gives back: it is closed, whatever was still to be written.
    pub fn destroy(&self) {
        self.state.lock().destroyed = true;
        self.task.wake();
    }

    /// The application gives the connection back, everything that it had to write being written: its next request, whose head is in
    /// `early`, is Cryo's. What it gets of the connection from then on is given back in the same way, behind that. With these it has consumed
    /// so many more of the bytes received.
    pub fn give_back(&self, early: &[u8], consumed: usize) {
        let mut state = self.state.lock();
        state.unread = state.unread.saturating_sub(consumed);
        state.returned.get_or_insert_default().extend_from_slice(early);
        if state.unread == 0 {
            self.task.wake();
        }
    }

    /// The connection, and what it begins with, if the application has given all of it back. Otherwise it is closed with this.
    pub(super) fn take(&self) -> Option<(Stream, Vec<u8>)> {
        // JavaScript may have the relay for longer, and must not keep the runtime's descriptors by it.
        self.task.take();
        let mut state = self.state.lock();
        let is_whole = state.unread == 0 && !state.destroyed;
        let (stream, returned) = (state.stream.take(), state.returned.take());
        stream.zip(returned).filter(|_| is_whole)
    }

    /// Whether the socket is not to be read until the application has consumed more.
    pub(super) fn is_paused(&self) -> bool {
        self.state.lock().unread >= WINDOW
    }

    /// Notes bytes that are on their way to the application.
    pub(super) fn received(&self, bytes: usize) {
        self.state.lock().unread += bytes;
    }

    /// Goes on with what the socket did not take before. Only the task asks; it is woken when there is something new.
    ///
    /// # Errors
    /// When the socket is dead.
    pub(super) fn poll_writing(&self, cx: &mut Context<'_>) -> io::Result<Writing> {
        self.task.register(cx.waker());
        let mut state = self.state.lock();
        if state.destroyed {
            return Ok(Writing::Destroyed);
        }
        if state.returned.is_some() {
            return Ok(if state.unread == 0 { Writing::Returned } else { Writing::Returning });
        }
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        if !state.blocked {
            return Ok(Writing::Same);
        }
        while state.blocked
            && let Some((socket, _)) = state.stream.as_mut().and_then(Stream::server_parts)
        {
            match socket.poll_write_ready(cx) {
                Poll::Pending => return Ok(Writing::Same),
                Poll::Ready(ready) => ready?,
            }
            state.blocked = false;
            state.write(&[]);
            state.finish();
        }
        match state.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(Writing::Ready),
        }
    }

    /// Reads what has come; nothing at the end of the stream.
    ///
    /// # Errors
    /// When the socket is dead, or the client broke the TLS protocol.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.lock();
        let Some(stream) = &mut state.stream else { return Poll::Ready(Ok(())) };
        match Pin::new(stream).poll_read(cx, buf) {
            // Many clients end the connection without a word of TLS.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            result => result,
        }
    }
}

impl State {
    /// Writes what the socket takes of `bytes`, and before it what TLS still holds.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let result = match self.stream.as_mut().and_then(Stream::server_parts) {
            None => return 0,
            Some((socket, None)) => write_plain(socket, bytes).map(|taken| (taken, false)),
            Some((socket, Some(tls))) => tls::write(tls, socket, bytes).map(|taken| (taken, tls.wants_write())),
        };
        match result {
            Ok((taken, holds)) => {
                self.blocked = taken < bytes.len() || holds;
                taken
            }
            Err(failure) => {
                self.failure = Some(failure);
                0
            }
        }
    }

    /// Ends the writing half if that is due and nothing is left to write.
    fn finish(&mut self) {
        if !self.ending || self.blocked || self.ended {
            return;
        }
        self.write(&[]);
        if self.blocked {
            return;
        }
        self.ended = true;
        if let Some((socket, _)) = self.stream.as_mut().and_then(Stream::server_parts)
            && let Err(failure) = socket.shutdown_write()
        {
            self.failure = Some(failure);
        }
    }
}

fn write_plain(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    let mut taken = 0;
    while let Some(rest) = bytes.get(taken..)
        && !rest.is_empty()
    {
        match socket.try_write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => taken += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A relay that has received ten bytes.
    fn relay() -> Arc<Relay> {
        let (ours, _) = tokio::net::UnixStream::pair().expect("two sockets");
        let relay = Relay::new(0, Stream::Plain(Socket::Unix(ours)));
        relay.received(10);
        relay
    }

    async fn look(relay: &Relay) -> Writing {
        std::future::poll_fn(|cx| Poll::Ready(relay.poll_writing(cx))).await.expect("a socket that lives")
    }

    #[tokio::test]
    async fn a_connection_is_given_back_with_all_that_was_received() {
        let relay = relay();
        relay.consume(3);
        relay.give_back(b"head", 4);
        assert_eq!(look(&relay).await, Writing::Returning);
        relay.give_back(b"end", 3);
        assert_eq!(look(&relay).await, Writing::Returned);
        assert_eq!(relay.take().map(|(_, bytes)| bytes), Some(b"headend".to_vec()));
    }

    #[tokio::test]
    async fn a_connection_that_ends_before_that_is_closed() {
        let relay = relay();
        relay.give_back(b"head", 4);
        assert!(relay.take().is_none());
    }

    #[tokio::test]
    async fn one_that_is_given_up_meanwhile_is_closed() {
        let relay = relay();
        relay.give_back(b"head", 4);
        relay.destroy();
        assert_eq!(look(&relay).await, Writing::Destroyed);
        relay.give_back(b"behind", 6);
        assert!(relay.take().is_none());
    }
}
