//! A socket, and the client at its other end: it answers as soon as it has got what it waits for, and takes as much as it has room for.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::io::ReadBuf;
use crate::net::watch::Watch;
use crate::net::websocket::{Decoder, Item, Role, put_close, put_message};
use crate::protocol::{self, Frame};
use crate::task::AtomicWaker;
use crate::{Mutex, session};

/// The client of session 1.
pub struct Client {
    state: Mutex<State>,
    readable: AtomicWaker,
    writable: AtomicWaker,
}

struct State {
    /// The event loop that watches the socket.
    watch: Option<Watch>,
    /// What it has sent, a read each.
    sent: VecDeque<Vec<u8>>,
    /// What it says once it has got so many frames; a close frame comes behind the last.
    says: VecDeque<(usize, Vec<u8>)>,
    /// Bytes it takes before it has to be given more room.
    room: usize,
    decoder: Decoder,
    /// The types of the frames that it has got, in order, and whether the close frame has come.
    got: Vec<protocol::FrameType>,
    closed: bool,
}

/// What a client says: a message for each number.
pub fn messages(numbers: &[u32]) -> Vec<u8> {
    frames(numbers.iter().map(|ack| Frame::Utf8 { ack: *ack, payload: b"message" }))
}

/// ACKs of these numbers.
pub fn acks(numbers: &[u32]) -> Vec<u8> {
    frames(numbers.iter().map(|ack| Frame::Ack { ack: *ack }))
}

/// The end.
pub fn close() -> Vec<u8> {
    let mut bytes = Vec::new();
    put_close(&mut bytes, Role::Client, 1000, "");
    bytes
}

fn frames<'a>(frames: impl Iterator<Item = Frame<'a>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.for_each(|frame| put_message(&mut bytes, Role::Client, &frame.head(1), frame.tail()));
    bytes
}

impl Client {
    /// A client with this much room that says each of these once it has got so many frames.
    pub fn new(room: usize, says: impl IntoIterator<Item = (usize, Vec<u8>)>) -> Arc<Self> {
        let state = State {
            watch: None,
            sent: VecDeque::new(),
            says: says.into_iter().collect(),
            room,
            decoder: Decoder::new(Role::Client, 1 << 16),
            got: Vec::new(),
            closed: false,
        };
        let client = Self { state: Mutex::new(state), readable: AtomicWaker::new(), writable: AtomicWaker::new() };
        client.state.lock().speak();
        Arc::new(client)
    }

    /// The server's end of the socket.
    pub fn split(self: &Arc<Self>) -> (ReadHalf, WriteHalf) {
        (ReadHalf(Arc::clone(self)), WriteHalf::Own(Arc::clone(self)))
    }

    /// It takes this many bytes more.
    pub fn read(&self, bytes: usize) {
        self.state.lock().room += bytes;
        self.writable.wake();
    }

    /// Whether anything that it has sent is unread.
    pub fn has_sent(&self) -> bool {
        !self.state.lock().sent.is_empty()
    }

    /// What it has got, and whether the close frame was the last of it.
    pub fn got(&self) -> (Vec<protocol::FrameType>, bool) {
        let state = self.state.lock();
        (state.got.clone(), state.closed)
    }
}

impl State {
    /// Sends what is due; whether there is anything new to read.
    fn speak(&mut self) -> bool {
        let before = self.sent.len();
        while self.says.front().is_some_and(|(frames, _)| *frames <= self.got.len())
            && let Some((_, bytes)) = self.says.pop_front()
        {
            self.sent.push_back(bytes);
        }
        self.show();
        self.sent.len() > before
    }

    /// Lets the event loop know that there is something to read, as often as it is asked.
    fn show(&self) {
        if let Some(watch) = &self.watch
            && !self.sent.is_empty()
        {
            watch.show();
        }
    }
}

#[derive(Debug)]
pub struct ReadHalf(Arc<Client>);

impl ReadHalf {
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.readable.register(cx.waker());
        match self.0.state.lock().sent.pop_front() {
            Some(bytes) => {
                buf.put_slice(&bytes);
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }
}

impl ReadHalf {
    /// The runtime forgets the socket.
    pub fn detach(self, _write: WriteHalf) -> io::Result<Bare> {
        self.0.readable.take();
        self.0.writable.take();
        Ok(Bare(self.0))
    }
}

/// A socket that no runtime watches.
#[derive(Debug)]
pub struct Bare(Arc<Client>);

impl Bare {
    pub fn client(&self) -> &Arc<Client> {
        &self.0
    }

    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.state.lock();
        let bytes = state.sent.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        // It goes on being readable.
        state.show();
        Ok(bytes.len())
    }

    pub fn attach(self) -> io::Result<(ReadHalf, WriteHalf)> {
        Ok(self.0.split())
    }

    /// An event loop watches it, or none does.
    pub fn watch(&self, watch: Option<Watch>) {
        let mut state = self.0.state.lock();
        state.watch = watch;
        state.show();
    }
}

#[derive(Debug)]
pub enum WriteHalf {
    Own(Arc<Client>),
    Bare(Arc<Bare>),
}

impl WriteHalf {
    fn client(&self) -> &Client {
        match self {
            Self::Own(client) => client,
            Self::Bare(bare) => &bare.0,
        }
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.client().state.lock();
        let State { decoder, got, closed, room, .. } = &mut *state;
        let length = bytes.len().min(*room);
        if length == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= length;
        let fed = decoder.feed(&mut bytes[..length].to_vec(), |item| match item {
            Item::Text(message) | Item::Binary(message) => {
                got.push(protocol::decode(message.as_slice()).expect("a frame").frame.frame_type())
            }
            Item::Close { .. } => *closed = true,
            Item::Ping(_) | Item::Pong => {}
        });
        fed.expect("WebSocket");
        let speaks = state.speak();
        drop(state);
        if speaks {
            self.client().readable.wake();
        }
        Ok(length)
    }

    pub fn try_write_vectored(&self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let parts: Vec<_> = parts.iter().map(|part| &part[..]).collect();
        self.try_write(&parts.concat())
    }

    pub fn shutdown(&self) {}

    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self::Own(client) = self else { return Poll::Pending };
        client.writable.register(cx.waker());
        if client.state.lock().room > 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl io::Write for &WriteHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}
