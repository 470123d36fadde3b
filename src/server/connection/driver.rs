//! One connection's life after the handshake: the task that has its socket read, writes what did not fit, and sees it out.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use super::lending::{Lent, Loan};
use super::link::Link;
use super::reading::Reader;
use crate::net::bare::Bare;
use crate::net::socket::{ReadHalf, WriteHalf};
use crate::net::websocket::Decoder;
use crate::server::Shared;
use crate::server::events::batch::Batch;
use crate::session::Wire;

/// Reads in a row before other connections get their turn.
const READS_PER_TURN: usize = 2;

/// How long ENDPOINT_INFO waits for a first sign of the client, which attaches its listener a little after the 101.
const GREETING_DELAY: Duration = Duration::from_millis(10);

/// How long more is waited for of what a peer that is gone had sent: the system may not have told yet of what it holds.
const LAST_LOOK: Duration = Duration::from_millis(50);

/// How far the connection is, as far as timers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Open,
    Leaving,
    Closed,
}

/// Serves `link` until its socket is closed. `early` is what came behind the handshake in the same read. When the future is dropped the
/// session is over, even if it was never polled.
pub fn serve(
    shared: Arc<Shared>,
    link: Arc<Link>,
    read: ReadHalf,
    decoder: Decoder,
    early: Vec<u8>,
) -> impl Future<Output = ()> {
    let reader = Reader::new(Arc::clone(&shared), Arc::clone(&link), decoder);
    let timer = Some(Box::pin(tokio::time::sleep(GREETING_DELAY)));
    let mut driver =
        Driver { shared, link, input: Input::Here(reader, read), stage: Stage::Greeting, timer, last_look: None };
    async move {
        if let Input::Here(reader, _) = &mut driver.input {
            reader.process_early(early);
        }
        std::future::poll_fn(|cx| driver.poll(cx)).await;
    }
}

impl Shared {
    /// The session is over, as far as its sid and the application are concerned. Only the first call counts.
    pub(in crate::server) fn conclude(&self, link: &Arc<Link>) {
        self.registry.lock().release(link);
        self.inbox.write(|filling| {
            let mut core = link.lock();
            if !std::mem::replace(&mut core.finished, true) {
                self.metrics.closed(core.session.close_code());
                filling.batch.closed(link.slot, core.session.counters());
                core.session.discard();
                match core.session.window.unread(filling.done) {
                    0 => core.permit = None,
                    bytes => core.permit.iter().for_each(|permit| permit.leave(bytes)),
                }
            }
        });
    }
}

/// Whether anything can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Open,
    /// Nobody would get it, but what has come may not be read yet.
    Lost,
    /// The socket is gone.
    Over,
}

/// Who reads.
enum Input {
    /// The driver.
    Here(Reader, ReadHalf),
    /// The event loop.
    Lent(Arc<Loan>),
    /// Nobody any more.
    Over,
}

struct Driver {
    shared: Arc<Shared>,
    link: Arc<Link>,
    input: Input,
    stage: Stage,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the connection of a peer that is gone is over.
    last_look: Option<Pin<Box<Sleep>>>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Input::Lent(loan) = &self.input {
            self.shared.lending.take_back(loan);
        }
        // Also when the runtime ends first: whatever the reason, the session must not outlive its reader.
        self.shared.conclude(&self.link);
        let mut core = self.link.lock();
        core.end_tls();
        core.socket = None;
        drop(core);
        // Whoever still has the link must not keep the runtime's descriptors by it.
        self.link.driver().take();
    }
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.driver().register(cx.waker());
        if !self.take_back() {
            return Poll::Ready(());
        }
        for _ in 0..READS_PER_TURN {
            if !ready!(self.turn(cx)) {
                return Poll::Ready(());
            }
        }
        self.shared.inbox.yield_cpu();
        // Behind a look at the other sockets, which `wake_by_ref` would put off for dozens of turns.
        pin!(tokio::task::yield_now()).poll(cx)
    }

    /// Writes, sees to the timers, and reads once. False when the connection is over.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let output = self.write(cx);
        if output == Output::Over || self.advance(cx) {
            return Poll::Ready(false);
        }
        let Input::Here(reader, socket) = &mut self.input else { return Poll::Ready(false) };
        if reader.must_pause(cx) {
            return Poll::Pending;
        }
        if output == Output::Lost {
            let read = reader.read(cx, socket);
            if read.is_ready() {
                self.last_look = None;
                return read;
            }
            let last_look = self.last_look.get_or_insert_with(|| Box::pin(tokio::time::sleep(LAST_LOOK)));
            return last_look.as_mut().poll(cx).map(|()| false);
        }
        let may_lend = self.stage == Stage::Open && reader.is_steady() && self.shared.lending.has_room();
        // Who waits for the socket to take more has to have it watched.
        if may_lend && !self.link.lock().blocked {
            return if self.lend() { Poll::Pending } else { Poll::Ready(false) };
        }
        reader.read(cx, socket)
    }

    /// Lends the socket to the event loop until the driver is woken. False when the socket is gone.
    fn lend(&mut self) -> bool {
        let Input::Here(reader, read) = std::mem::replace(&mut self.input, Input::Over) else { return false };
        let mut core = self.link.lock();
        let Some(Ok(socket)) = core.socket.take().map(|write| read.detach(write)) else { return false };
        let socket = Arc::new(socket);
        core.socket = Some(WriteHalf::Bare(Arc::clone(&socket)));
        drop(core);
        let loan = self.shared.lending.lend(&self.link, Lent { reader, socket, ended: false });
        self.input = Input::Lent(loan);
        // The event loop may be blocked before it reads.
        self.shared.late.notify_one();
        true
    }

    /// Takes the socket back, if it is lent. False when it is gone.
    fn take_back(&mut self) -> bool {
        let Input::Lent(loan) = &self.input else { return true };
        let Some(Lent { mut reader, socket, ended }) = self.shared.lending.take_back(loan) else { return false };
        let mut core = self.link.lock();
        let alive = core.socket.take().is_some();
        // The link's reference is gone, and this was the loan's: nobody else has one.
        let socket = Arc::into_inner(socket);
        debug_assert!(socket.is_some(), "a lent socket that somebody else refers to");
        let Some(Ok((read, write))) = socket.map(Bare::attach) else { return false };
        core.socket = alive.then_some(write);
        drop(core);
        reader.returned();
        self.input = Input::Here(reader, read);
        !ended
    }

    /// Writes what did not fit before, as soon as the socket is ready.
    fn write(&self, cx: &mut Context<'_>) -> Output {
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
                Poll::Ready(Err(error)) => core.writing_failed(&error),
            }
        }
        let output = match core.socket {
            Some(_) => Output::Open,
            None if core.outgoing.is_lost() => Output::Lost,
            None => Output::Over,
        };
        drop(core);
        self.shared.post(events);
        output
    }

    /// Sees to the timers. True when the connection is over.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        let Input::Here(reader, _) = &self.input else { return true };
        let stage = {
            let mut core = self.link.lock();
            if core.session.is_closed() {
                // With TLS the last of it may wait in rustls, which only `blocked` tells.
                if core.outgoing.pending() == 0 && !core.blocked {
                    if reader.peer_closed {
                        return true;
                    }
                    // Its close frame could not be told from the rest: that it goes is all that can be seen.
                    if reader.broken {
                        core.end_tls();
                        if let Some(socket) = &core.socket {
                            socket.shutdown();
                        }
                    }
                }
                Stage::Closed
            } else if !core.session.is_greeted() {
                // Also when it is to leave already: its good-bye waits behind ENDPOINT_INFO, which must not wait for a deadline.
                Stage::Greeting
            } else if core.session.is_leaving() {
                Stage::Leaving
            } else {
                Stage::Open
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
            Stage::Greeting => reader.greet(),
            Stage::Leaving => {
                let mut core = self.link.lock();
                self.shared.call(&self.link, &mut core, |session, io| session.stop_draining(io));
                self.shared.flush(&self.link, core);
            }
            Stage::Open => {}
        }
        // The stage has changed: its timer has to be set.
        self.advance(cx)
    }
}
