//! The reading side of a connection: from the socket through TLS and WebSocket to the session, as long as the application keeps up.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::link::{Core, Link};
use super::read_size::{self, ReadSize};
use super::receiving::{Received, Receiver};
use super::release;
use super::request_reply::{RequestReply, is_little};
use crate::net::bare::Bare;
use crate::net::socket::ReadHalf;
use crate::net::tls;
use crate::net::websocket::Decoder;
use crate::server::Shared;
use crate::server::events::filling::Filling;
use crate::session::{Micros, Wire};

/// Output beyond [what may wait besides replies](crate::session::Session::most_output), in bytes, from which on a peer that does not read is not read
/// either: what it sends can't make its ACKs pile up.
pub(super) const REPLY_ALLOWANCE: usize = 256 * 1024;

thread_local! {
    /// Where sockets are read to, and where TLS is decrypted to. Shared by all connections of the thread, so that an idle one owns no buffer.
    static SCRATCHES: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::new((vec![0; read_size::LARGEST], Vec::new()));
}

/// What the JavaScript thread's reading of a bare socket came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// There was nothing to read.
    Nothing,
    /// There was nothing in it for the application: pings, or a part of a message.
    Eventless,
    /// It may go on.
    Quiet,
    /// There is much, or something to wait for: the connection's driver has to go on.
    Busy,
    /// It is at its end.
    Ended,
}

/// Reads a link's socket.
pub struct Reader {
    shared: Arc<Shared>,
    link: Arc<Link>,
    decoder: Decoder,
    size: ReadSize,
    request_reply: RequestReply,
    /// When it was read last.
    last: Micros,
    encrypted: bool,
    /// The peer's close frame has come.
    pub peer_closed: bool,
    /// The peer broke WebSocket: what it sends means nothing any more.
    pub broken: bool,
}

impl Reader {
    /// A reader that has read nothing yet.
    pub fn new(shared: Arc<Shared>, link: Arc<Link>, decoder: Decoder) -> Self {
        let encrypted = link.lock().tls.is_some();
        Self {
            shared,
            link,
            decoder,
            size: ReadSize::default(),
            request_reply: RequestReply::default(),
            last: 0,
            encrypted,
            peer_closed: false,
            broken: false,
        }
    }

    /// Whether the session keeps asking, and little else goes on.
    pub fn is_steady(&self) -> bool {
        self.request_reply.is_steady()
    }

    /// The I/O thread has the socket back: whether the session keeps asking has to show anew.
    pub fn returned(&mut self) {
        self.request_reply = RequestReply::default();
    }

    /// Sends ENDPOINT_INFO by itself, then what has waited behind it.
    pub fn greet(&self) {
        let mut core = self.link.lock();
        self.shared.call(&self.link, &mut core, |session, io| session.greet(io));
        self.shared.flush(&self.link, core);
    }

    /// Whether the socket is not to be read now; whoever makes room then wakes the driver.
    pub fn must_pause(&self, cx: &Context<'_>) -> bool {
        let mut core = self.link.lock();
        let too_much = |core: &Core| core.outgoing.pending() > core.session.most_output() + REPLY_ALLOWANCE;
        if !core.blocked && too_much(&core) {
            // Too much to wait for the application's replies.
            self.shared.flush(&self.link, core);
            core = self.link.lock();
        }
        // Blocked, so that the socket's own readiness wakes the driver. The heartbeat takes no account of this: whether the peer is alive shows by
        // what the socket takes.
        if core.blocked && too_much(&core) {
            return true;
        }
        if !core.paused && !self.shared.inbox.may_be_full() {
            return false;
        }
        drop(core);
        self.shared.inbox.write(|filling| {
            let mut core = self.link.lock();
            pause_if_full(filling, &mut core);
            // What the application holds beyond its batch it gives back by a call, and that wakes the driver.
            if core.paused && (filling.is_full() || !core.session.window.holds_too_much()) {
                filling.resume_after(cx.waker());
            }
            // Sessions of which all missing ACKs are late are not swept otherwise.
            if core.paused && core.session.may_await_late_ack() {
                self.shared.await_acks(&self.link, &mut core);
            }
            core.paused
        })
    }

    /// Reads once. False at the end of the stream.
    pub fn read(&mut self, cx: &mut Context<'_>, socket: &mut ReadHalf) -> Poll<bool> {
        SCRATCHES.with_borrow_mut(|(scratch, plain)| {
            let mut buf = ReadBuf::new(scratch.get_mut(..self.next_size()).unwrap_or_default());
            if ready!(socket.poll_read(cx, &mut buf)).is_err() {
                return Poll::Ready(false);
            }
            let input = buf.filled_mut();
            Poll::Ready(!input.is_empty() && self.take(input, plain).1)
        })
    }

    /// The same on the JavaScript thread, where nothing is waited for.
    pub fn read_bare(&mut self, socket: &Bare) -> Reading {
        SCRATCHES.with_borrow_mut(|(scratch, plain)| {
            let buffer = scratch.get_mut(..self.next_size()).unwrap_or_default();
            let input = match socket.try_read(buffer) {
                Ok(length) if length > 0 => buffer.get_mut(..length).unwrap_or_default(),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    return Reading::Nothing;
                }
                _ => return Reading::Ended,
            };
            let bytes = input.len();
            let (received, open) = self.take(input, plain);
            match open {
                false => Reading::Ended,
                true if !is_little(received.items, bytes) || self.needs_driver() => Reading::Busy,
                true if received.events => Reading::Quiet,
                true => Reading::Eventless,
            }
        })
    }

    /// Whether there is something to be done beside reading, or reading has to wait.
    fn needs_driver(&self) -> bool {
        let core = self.link.lock();
        let over = core.socket.is_none() || core.session.is_closed() || core.session.is_leaving();
        core.paused || core.blocked || over || self.peer_closed || self.broken
    }

    /// Bytes to read.
    fn next_size(&self) -> usize {
        // The time of the reading before will do, and costs no look at the clock.
        self.size.bytes().min(self.shared.neighbours.most(self.link.key(), self.last))
    }

    /// Takes bytes as they came from the socket: what they held, and whether more may come. It does not once the peer has ended the stream or
    /// broken TLS.
    fn take(&mut self, input: &mut [u8], plain: &mut Vec<u8>) -> (Received, bool) {
        let bytes = input.len();
        let (received, open) = if self.encrypted { self.decrypt(input, plain) } else { (self.feed(input), true) };
        self.size.learn(bytes, received.items);
        (received, open)
    }

    /// Takes what was read together with the handshake: plaintext in `early` and, with TLS, what rustls still holds.
    pub fn process_early(&mut self, mut early: Vec<u8>) {
        if !early.is_empty() {
            self.feed(&mut early);
        }
        if self.encrypted {
            SCRATCHES.with_borrow_mut(|(_, plain)| self.decrypt(&[], plain));
        }
    }

    /// The same for bytes of an encrypted socket.
    fn decrypt(&mut self, input: &[u8], plain: &mut Vec<u8>) -> (Received, bool) {
        plain.clear();
        let result = {
            let mut core = self.link.lock();
            let Some(tls) = core.tls.as_deref_mut() else { return (Received::default(), false) };
            let result = tls::decrypt(tls, input, plain);
            if tls.wants_write() {
                self.shared.flush(&self.link, core);
            }
            result
        };
        // Only now, without the session's lock: the inbox's comes first.
        let received = if plain.is_empty() { Received::default() } else { self.feed(plain) };
        (received, matches!(result, Ok(false)))
    }

    /// Takes decrypted bytes: what they hold goes to the session, its events to the inbox.
    fn feed(&mut self, input: &mut [u8]) -> Received {
        if self.broken {
            return Received::default();
        }
        if !self.link.lock().session.is_greeted() {
            self.greet();
        }
        let (now, hooks, bytes) = (self.shared.now(), self.shared.hooks(), input.len());
        let Self { shared, link, decoder, request_reply, .. } = self;
        let (received, output) = shared.inbox.write(|filling| {
            let mut core = link.lock();
            let core = &mut *core;
            let place = (link.slot, filling.number);
            let received = Receiver { core, batch: &mut filling.batch, place, now, hooks }.feed(decoder, input);
            if received.events {
                filling.readings += 1;
                let beside = filling.readings.max(filling.readings_before);
                request_reply.note(now, (received.items, bytes), shared.lending.is_busy(beside));
            }
            let output = Output::of(link, core, filling, received.events);
            pause_if_full(filling, core);
            (received, output)
        });
        self.note(received, bytes, now);
        match output {
            Output::Nothing => {}
            Output::Now => self.shared.flush(&self.link, self.link.lock()),
            Output::WithReplies => self.shared.late.notify_one(),
        }
        received
    }

    /// Notes what a reading was.
    fn note(&mut self, received: Received, bytes: usize, now: Micros) {
        self.last = now;
        if received.items > 0 && is_little(received.items, bytes) {
            self.shared.neighbours.note(self.link.key(), now);
        }
        self.peer_closed |= received.closed;
        self.broken |= received.broken;
        if self.broken || self.peer_closed {
            release::gradually(self.decoder.abandon());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        release::gradually(self.decoder.abandon());
    }
}

/// When output leaves that a reading has caused.
enum Output {
    /// There is none, or somebody else sees to it.
    Nothing,
    Now,
    /// With events the application's replies are near, and leave in the same write as the ACKs.
    WithReplies,
}

impl Output {
    fn of(link: &Arc<Link>, core: &mut Core, filling: &mut Filling, events: bool) -> Self {
        if core.outgoing.pending() == 0 || core.listed.is_some() {
            return Self::Nothing;
        }
        if !events || core.session.is_closed() {
            return Self::Now;
        }
        core.listed = Some(filling.number);
        filling.flush_after(link);
        Self::WithReplies
    }
}

/// Stops reading while the application, or the whole server, has too much to handle.
fn pause_if_full(filling: &Filling, core: &mut Core) {
    let was_paused = core.paused;
    // Of a peer that is gone nothing more comes than what the system holds already.
    let behind = !core.outgoing.is_lost() && core.session.is_full(filling.done);
    core.paused = !core.session.is_closed() && (filling.is_full() || behind);
    if was_paused && !core.paused {
        core.session.hear();
    }
}

/// Whoever reads on this thread meanwhile panics.
#[cfg(test)]
pub fn without_scratches<R>(call: impl FnOnce() -> R) -> R {
    SCRATCHES.with_borrow_mut(|_| call())
}
