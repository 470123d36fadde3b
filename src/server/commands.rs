//! What the application asks of a server, from its own thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::MutexGuard;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

use super::connection::link::{Core, Link};
use super::events::batch::Batch;
use super::events::sink::Sink;
use super::handshake::Answer;
use super::handshake::peer::ConnectRequest;
use super::http::passthrough::Wanted;
use super::{Shared, Stop};
use crate::net::direct::Direct;
use crate::net::write_buffer::WriteBuffer;
use crate::session::{Farewell, Hooks, Io, Micros, Session};

impl Shared {
    /// Sends something by `call`, up to writing it; true when the caller did not know yet that the session has something to be written.
    /// Settlements of messages that have to make room for it go to `events`.
    pub fn send(
        &self,
        link: &Arc<Link>,
        now: Micros,
        events: &mut Batch,
        call: impl FnOnce(&mut Session, &mut Io<'_, Direct<'_>, Sink<'_>>),
    ) -> bool {
        let mut core = link.lock();
        if core.session.is_throttled() && !core.blocked {
            // Too much for one write, but the socket may well take it: only a slow reader costs messages.
            link.flush(&mut core, now, events);
        }
        core.with_socket(now, events.sink(link.slot, 0), call);
        if core.session.is_closed() {
            link.wake();
        }
        if !core.awaiting && core.session.awaits_acks() {
            core.awaiting = true;
            self.await_acks(link);
        }
        !std::mem::replace(&mut core.dirty, true)
    }

    /// The application keeps this many received bytes although their batch is delivered.
    pub fn hold(&self, link: &Arc<Link>, bytes: usize) {
        link.lock().session.window.hold(bytes);
    }

    /// The application has handled this many of the bytes it kept.
    pub fn release(&self, link: &Arc<Link>, bytes: usize) {
        let mut core = link.lock();
        core.session.window.release(bytes);
        if core.paused {
            link.wake();
        }
    }

    /// Runs `call` with a session whose lock the caller has, when its events can't be settled under the inbox's lock. They follow after it.
    pub(super) fn call(
        &self,
        link: &Link,
        core: &mut Core,
        call: impl FnOnce(&mut Session, &mut Io<'_, WriteBuffer, Sink<'_>>),
    ) {
        let mut scratch = Batch::default();
        core.with(self.now(), scratch.sink(link.slot, 0), call);
        debug_assert!(scratch.is_empty(), "only what settles nothing may be called this way");
    }

    /// The application wants to know of the session's heartbeat rounds.
    pub fn tell_stats(&self, link: &Arc<Link>) {
        link.lock().tells_stats = true;
    }

    /// Ends a session behind what was sent before.
    pub fn say_farewell(&self, link: &Arc<Link>, farewell: Farewell) {
        let mut core = link.lock();
        self.call(link, &mut core, |session, io| session.close_gracefully(farewell, io));
        self.flush(link, core);
        // The driver has deadlines to set.
        link.wake();
    }

    /// Writes a session's output and gives back its lock: what comes of that for the application goes to the inbox, whose lock comes first.
    pub fn flush(&self, link: &Link, mut core: MutexGuard<'_, Core>) {
        let mut events = Batch::default();
        link.flush(&mut core, self.now(), &mut events);
        drop(core);
        self.post(events);
    }

    /// Writes what was to wait for the batch that has been delivered. What a peer has caused since, by its answer to what was just written, waits for
    /// the next one.
    pub fn flush_delivered(&self) {
        let (number, links) = self.inbox.take_unflushed();
        for link in links {
            let core = link.lock();
            if core.listed.is_some_and(|listed| listed <= number) {
                self.flush(&link, core);
            }
        }
    }

    /// Hands events to the application that came up under a session's lock.
    pub fn post(&self, mut events: Batch) {
        if !events.is_empty() {
            self.inbox.write(|filling| filling.batch.append(&mut events));
        }
    }

    /// JavaScript has handled a session's end, and all that came before it.
    pub fn free(&self, link: &Link) {
        link.lock().permit = None;
        self.registry.lock().free(link.slot);
    }

    /// The validator's answer to handshake `number`.
    pub fn answer(&self, number: u32, answer: Answer) {
        if let Some(waiting) = self.answers.lock().remove(&number) {
            // The handshake may have been abandoned: then nobody needs the answer.
            let _ = waiting.send(answer);
        }
    }

    /// Which kinds of received messages wait for a verdict from now on.
    pub fn set_hooks(&self, hooks: Hooks) {
        self.hooks.store(hooks.0, Ordering::Relaxed);
    }

    /// Which requests the application listens for on `http_server` from now on.
    pub fn set_wanted(&self, wanted: Wanted) {
        self.wanted.store(wanted.0, Ordering::Relaxed);
    }

    /// Uses this certificate for the handshakes to come.
    pub fn set_tls(&self, config: Arc<ServerConfig>) {
        *self.tls.lock() = Some(config);
    }

    /// Trusts other servers by this configuration from now on.
    pub fn set_peer_tls(&self, config: Arc<ClientConfig>) {
        *self.peer_tls.lock() = Some(config);
    }

    /// How other servers are trusted; none before [`Shared::set_peer_tls`].
    pub fn peer_tls(&self) -> Option<Arc<ClientConfig>> {
        self.peer_tls.lock().clone()
    }

    /// Connects to another server.
    pub fn connect(&self, request: ConnectRequest) {
        // Where nobody receives, the server has ended, and with it whatever it was to connect to.
        let _ = self.connect_requests.send(request);
    }

    /// Stops: gracefully, or at once.
    pub fn stop(&self, stop: Stop) {
        self.stop.send_modify(|current| *current = stop.max(*current));
    }

    fn await_acks(&self, link: &Arc<Link>) {
        let mut awaiting = self.awaiting.lock();
        awaiting.push(Arc::clone(link));
        if awaiting.len() == 1 {
            self.awaiting_grew.notify_one();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use tokio::net::UnixStream;

    use super::super::events::batch::Code;
    use super::super::settings::Settings;
    use super::*;
    use crate::net::socket::Socket;
    use crate::net::websocket::Role;
    use crate::session::Wire;

    #[tokio::test]
    async fn output_waits_for_its_own_batch() {
        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let (ours, _theirs) = UnixStream::pair().expect("two sockets");
        let (_read, write) = Socket::Unix(ours).into_split();
        let link = Link::new(
            Default::default(),
            1,
            Session::new(1, Arc::default()),
            WriteBuffer::new(Role::Server),
            None,
            write,
        );
        let list = || {
            shared.inbox.write(|filling| {
                filling.batch.push(0, Code::Utf8, 0, 0, &[]);
                filling.flush_after(&link);
                let mut core = link.lock();
                core.outgoing.pong(b"output");
                core.listed = Some(filling.number);
            });
        };
        let waits = || link.lock().outgoing.pending() > 0;
        list();
        let batch = shared.inbox.next(Batch::default()).expect("a batch");
        // The application's reply takes it along, and the peer answers at once.
        shared.flush(&link, link.lock());
        list();
        shared.flush_delivered();
        assert!(waits());
        assert!(shared.inbox.next(batch).is_some());
        shared.flush_delivered();
        assert!(!waits());
    }
}
