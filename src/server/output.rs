//! Calls into sessions, and where their output and events go. Either thread may make these.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::Shared;
use super::connection::link::{Core, Link};
use super::events::batch::Batch;
use super::events::sink::Sink;
use crate::net::write_buffer::WriteBuffer;
use crate::session::{Farewell, Io, Session};

impl Shared {
    /// Runs `call`, which must settle nothing, with a session whose lock the caller has: who makes events has to lock the inbox first.
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
