//! What the application asks of a server, from its own thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio_rustls::rustls::{ClientConfig, ServerConfig};

use super::connection::link::{Core, Link};
use super::events::batch::Batch;
use super::events::sink::Sink;
use super::handshake::Answer;
use super::handshake::peer::ConnectRequest;
use super::http::passthrough::Wanted;
use super::{Shared, Stop};
use crate::net::direct::Direct;
use crate::session::{Hooks, Io, Micros, Session};

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
        if core.session.awaits_acks() {
            self.await_acks(link, &mut core);
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

    /// The application wants to know of the session's heartbeat rounds.
    pub fn tell_stats(&self, link: &Arc<Link>) {
        link.lock().tells_stats = true;
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

    /// Closes the connections that have not sent a whole request yet.
    pub fn dismiss(&self) {
        self.dismissals.send_replace(());
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

    /// Has the session looked at now and then, as long as it waits for ACKs.
    pub(super) fn await_acks(&self, link: &Arc<Link>, core: &mut Core) {
        if std::mem::replace(&mut core.awaiting, true) {
            return;
        }
        let mut awaiting = self.awaiting.lock();
        awaiting.push(Arc::clone(link));
        if awaiting.len() == 1 {
            self.awaiting_grew.notify_one();
        }
    }
}
