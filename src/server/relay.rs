//! A connection whose requests Node.js answers, as both threads share it: the JavaScript thread writes to its socket, the task of
//! [`passthrough`](super::passthrough) reads from it. Nothing is queued here: what the socket does not take stays with JavaScript.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio_rustls::rustls::Connection;

use crate::net::socket::WriteHalf;
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
    /// None once everything is written and the client knows that nothing more comes.
    socket: Option<WriteHalf>,
    tls: Option<Box<Connection>>,
    /// The socket took less than was offered: the task tells when it takes more.
    blocked: bool,
    /// The application will write no more.
    ending: bool,
    /// The application has given the connection up.
    destroyed: bool,
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
}

impl Relay {
    /// A connection that no task serves yet.
    pub fn new(id: u32, socket: WriteHalf, tls: Option<Box<Connection>>) -> Arc<Self> {
        let state = State {
            socket: Some(socket),
            tls,
            blocked: false,
            ending: false,
            destroyed: false,
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
            && let Some(tls) = &mut state.tls
        {
            tls.send_close_notify();
        }
        state.finish();
        let done = state.socket.is_none();
        if !done {
            self.task.wake();
        }
        done
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

    /// The application gives the connection up: it is closed, whatever was still to be written.
    pub fn destroy(&self) {
        self.state.lock().destroyed = true;
        self.task.wake();
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
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        if !state.blocked {
            return Ok(Writing::Same);
        }
        while state.blocked
            && let Some(socket) = &state.socket
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

    /// Decrypts what came from the socket, which uses TLS, and appends it to `plain`. True when nothing more will come.
    ///
    /// # Errors
    /// When the client broke the TLS protocol.
    pub(super) fn decrypt(&self, input: &[u8], plain: &mut Vec<u8>) -> io::Result<bool> {
        let mut state = self.state.lock();
        let Some(tls) = state.tls.as_deref_mut() else { return Ok(true) };
        let result = tls::decrypt(tls, input, plain);
        if !state.blocked {
            // An alert, or an answer to a renewal of keys.
            state.write(&[]);
        }
        result
    }

    /// The connection is over. Its task has gone.
    pub(super) fn close(&self) {
        self.state.lock().socket = None;
    }
}

impl State {
    /// Writes what the socket takes of `bytes`, and before it what TLS still holds.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(socket) = &self.socket else { return 0 };
        let result = match self.tls.as_deref_mut() {
            None => write_plain(socket, bytes),
            Some(tls) => tls::write(tls, socket, bytes),
        };
        match result {
            Ok(taken) => {
                self.blocked = taken < bytes.len() || self.tls.as_ref().is_some_and(|tls| tls.wants_write());
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
        if !self.ending || self.blocked {
            return;
        }
        self.write(&[]);
        if !self.blocked {
            // Dropping it tells the client.
            self.socket = None;
        }
    }
}

fn write_plain(socket: &WriteHalf, bytes: &[u8]) -> io::Result<usize> {
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
