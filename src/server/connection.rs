//! One connection's life after the handshake: the task that reads its socket, writes what did not fit, and sees it out.

use std::borrow::Cow;
use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::Shared;
use super::batch::Batch;
use super::inbox::Filling;
use super::link::{Core, Link};
use crate::net::socket::ReadHalf;
use crate::net::tls;
use crate::net::websocket::{Decoder, Item, Payload};
use crate::protocol::close;
use crate::session::Wire;

/// Bytes read from a socket at a time.
const SCRATCH: usize = 64 * 1024;

/// Reads in a row before other connections get their turn.
const READS_PER_TURN: usize = 4;

/// How long ENDPOINT_INFO waits for a first sign of the client, which attaches its listener a little after the 101.
const GREETING_DELAY: Duration = Duration::from_millis(10);

/// Output beyond the high-water mark, in bytes, from which on a peer that does not read is not read either: what it sends can't
/// make its ACKs pile up.
const REPLY_ALLOWANCE: usize = 256 * 1024;

thread_local! {
    /// Where sockets are read to, and where TLS is decrypted to. Shared by all connections of the thread, so that an idle one owns no buffer.
    static SCRATCHES: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::new((vec![0; SCRATCH], Vec::new()));
}

/// What a turn came to.
enum Turn {
    /// Something was read.
    Progress,
    /// Wakers are in place.
    Wait,
    /// The connection is over.
    Over,
}

/// How far the connection is, as far as timers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Open,
    Leaving,
    Closed,
}

/// Serves `link` until its socket is closed. `early` is what came behind the handshake in the same read.
pub async fn serve(shared: Arc<Shared>, link: Arc<Link>, read: ReadHalf, decoder: Decoder, early: Vec<u8>) {
    let encrypted = link.lock().tls.is_some();
    let mut driver = Driver {
        shared,
        link,
        read,
        decoder,
        stage: Stage::Greeting,
        timer: Some(Box::pin(tokio::time::sleep(GREETING_DELAY))),
        peer_closed: false,
        encrypted,
        broken: false,
    };
    driver.process_early(early);
    std::future::poll_fn(|cx| driver.poll(cx)).await;
}

struct Driver {
    shared: Arc<Shared>,
    link: Arc<Link>,
    read: ReadHalf,
    decoder: Decoder,
    stage: Stage,
    timer: Option<Pin<Box<Sleep>>>,
    /// The peer's close frame has come.
    peer_closed: bool,
    encrypted: bool,
    /// The peer broke WebSocket or TLS: what it sends means nothing any more.
    broken: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Also when the runtime ends first: whatever the reason, the session must not outlive its reader.
        self.shared.conclude(&self.link);
        self.link.lock().socket = None;
    }
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.driver().register(cx.waker());
        for _ in 0..READS_PER_TURN {
            match self.turn(cx) {
                Turn::Progress => {}
                Turn::Wait => return Poll::Pending,
                Turn::Over => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Turn {
        if !self.write(cx) {
            return Turn::Over;
        }
        if self.advance(cx) {
            return Turn::Over;
        }
        if self.must_pause() {
            return Turn::Wait;
        }
        match self.read(cx) {
            Poll::Ready(true) => Turn::Progress,
            Poll::Ready(false) => Turn::Over,
            Poll::Pending => Turn::Wait,
        }
    }

    /// Writes what did not fit before, as soon as the socket is ready. False when the socket is gone.
    fn write(&self, cx: &mut Context<'_>) -> bool {
        let mut events = Batch::default();
        let mut core = self.link.lock();
        while core.blocked
            && let Some(socket) = &core.socket
        {
            match socket.poll_write_ready(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) => {
                    core.blocked = false;
                    self.link.flush(&mut core, self.shared.now(), &mut events);
                }
                Poll::Ready(Err(_)) => core.socket = None,
            }
        }
        let alive = core.socket.is_some();
        drop(core);
        self.shared.post(events);
        alive
    }

    /// Sees to the timers. True when the connection is over.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        let stage = {
            let core = self.link.lock();
            if core.session.is_closed() {
                if core.outgoing.pending() == 0 {
                    if self.peer_closed {
                        return true;
                    }
                    // Its close frame could not be told from the rest: that it goes is all that can be seen.
                    if self.broken
                        && let Some(socket) = &core.socket
                    {
                        socket.shutdown();
                    }
                }
                Stage::Closed
            } else if core.session.is_leaving() {
                Stage::Leaving
            } else if core.session.is_greeted() {
                Stage::Open
            } else {
                Stage::Greeting
            }
        };
        if stage != self.stage {
            self.stage = stage;
            self.timer = match stage {
                Stage::Greeting | Stage::Open => None,
                Stage::Leaving | Stage::Closed => {
                    Some(Box::pin(tokio::time::sleep(self.shared.settings.close_timeout)))
                }
            };
        }
        let Some(Poll::Ready(())) = self.timer.as_mut().map(|timer| timer.as_mut().poll(cx)) else {
            return false;
        };
        self.timer = None;
        match stage {
            Stage::Closed => return true,
            Stage::Greeting => self.greet(),
            Stage::Leaving => {
                let mut core = self.link.lock();
                self.shared.call(&self.link, &mut core, |session, io| session.leave_now(io));
                self.shared.flush(&self.link, core);
            }
            Stage::Open => {}
        }
        // The stage has changed: its timer has to be set.
        self.advance(cx)
    }

    /// Sends ENDPOINT_INFO by itself, then what has waited behind it.
    fn greet(&self) {
        let mut core = self.link.lock();
        self.shared.call(&self.link, &mut core, |session, io| session.greet(io));
        self.shared.flush(&self.link, core);
    }

    /// Whether the socket is not to be read now; whoever makes room then rouses the driver.
    fn must_pause(&self) -> bool {
        let core = self.link.lock();
        // Blocked, so that the socket's own readiness rouses the driver.
        if core.blocked && core.outgoing.pending() > self.shared.settings.session.high_water_mark + REPLY_ALLOWANCE {
            return true;
        }
        if !core.paused {
            return false;
        }
        drop(core);
        self.shared.inbox.write(|filling| {
            let mut core = self.link.lock();
            pause_if_full(filling, &mut core, &self.link);
            core.paused
        })
    }

    /// Reads once. False at the end of the stream.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        SCRATCHES.with_borrow_mut(|(scratch, plain)| {
            let mut buf = ReadBuf::new(scratch);
            if ready!(self.read.poll_read(cx, &mut buf)).is_err() {
                return Poll::Ready(false);
            }
            let input = buf.filled_mut();
            if input.is_empty() {
                return Poll::Ready(false);
            }
            Poll::Ready(if self.encrypted {
                self.decrypt(input, plain)
            } else {
                self.feed(input);
                true
            })
        })
    }

    /// Takes what was read together with the handshake: plaintext in `early` and, with TLS, what rustls still holds.
    fn process_early(&mut self, mut early: Vec<u8>) {
        if !early.is_empty() {
            self.feed(&mut early);
        }
        if self.encrypted {
            SCRATCHES.with_borrow_mut(|(_, plain)| self.decrypt(&[], plain));
        }
    }

    /// Takes bytes as they came from an encrypted socket. False when the peer has ended the stream or broken TLS.
    fn decrypt(&mut self, input: &[u8], plain: &mut Vec<u8>) -> bool {
        plain.clear();
        let result = {
            let mut core = self.link.lock();
            let Some(tls) = core.tls.as_deref_mut() else { return false };
            let result = tls::decrypt(tls, input, plain);
            if tls.wants_write() {
                self.shared.flush(&self.link, core);
            }
            result
        };
        // Only now, without the session's lock: the inbox's comes first.
        if !plain.is_empty() {
            self.feed(plain);
        }
        matches!(result, Ok(false))
    }

    /// Takes decrypted bytes: what they hold goes to the session, its events to the inbox.
    fn feed(&mut self, input: &mut [u8]) {
        if self.broken {
            return;
        }
        if !self.link.lock().session.is_greeted() {
            self.greet();
        }
        let now = self.shared.now();
        let hooks = self.shared.hooks();
        let (link, decoder) = (&self.link, &mut self.decoder);
        let (peer_closed, broken) = (&mut self.peer_closed, &mut self.broken);
        let (flush_now, listed) = self.shared.inbox.write(|filling| {
            let before = filling.batch.words.len();
            let mut core = link.lock();
            let core = &mut *core;
            let Filling { batch, number, .. } = filling;
            let fed = decoder.feed(input, |item| match item {
                Item::Message(payload) => core.with(now, batch, (link.slot, *number), |session, io| {
                    let message = match payload {
                        Payload::Borrowed(bytes) => Cow::Borrowed(bytes),
                        Payload::Owned(bytes) => Cow::Owned(bytes),
                    };
                    if let Err(fault) = session.receive(message, hooks, io) {
                        session.fail(&fault, io);
                    }
                }),
                Item::Ping(payload) if !core.session.is_closed() => core.outgoing.pong(payload),
                Item::Ping(_) | Item::Pong => {}
                Item::Close { code, reason } => {
                    *peer_closed = true;
                    let reason = String::from_utf8_lossy(reason);
                    core.with(now, batch, (link.slot, *number), |session, io| {
                        session.shut(code.unwrap_or(close::WEBSOCKET_NORMAL), &reason, io);
                    });
                }
            });
            if let Err(violation) = fed {
                *broken = true;
                core.with(now, batch, (link.slot, *number), |session, io| {
                    session.shut(violation.code, violation.reason, io)
                });
            }
            // With events the application's replies are near, and leave in the same write as the ACKs.
            let output = core.outgoing.pending() > 0 && !core.listed;
            let list = output && batch.words.len() > before && !core.session.is_closed();
            if list {
                core.listed = true;
                filling.flush_after(link);
            }
            pause_if_full(filling, core, link);
            (output && !list, list)
        });
        if flush_now {
            let core = self.link.lock();
            self.shared.flush(&self.link, core);
        }
        if listed {
            self.shared.late.notify_one();
        }
    }
}

/// Stops reading while the application, or the whole server, has too much to handle.
fn pause_if_full(filling: &mut Filling, core: &mut Core, link: &Arc<Link>) {
    let was_paused = core.paused;
    core.paused = !core.session.is_closed() && (filling.is_full() || core.session.is_full(filling.done));
    if core.paused {
        filling.resume_after(link);
    } else if was_paused {
        core.session.excuse();
    }
}
