//! A session and its socket, as both threads share them.

use std::io::{Error, ErrorKind};
use std::sync::Arc;

use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use tokio_rustls::rustls::Connection;

use crate::net::direct::Direct;
use crate::net::socket::WriteHalf;
use crate::net::write_buffer::{Flushed, WriteBuffer};
use crate::server::events::batch::Batch;
use crate::server::events::sink::Sink;
use crate::server::limits::ConnectionPermit;
use crate::server::registry::SlotId;
use crate::session::{Io, Micros, Session, Wire};

/// One connection after its handshake.
#[derive(Debug)]
pub struct Link {
    /// Its place in the table that JavaScript keeps too.
    pub slot: u32,
    /// Tells it from an earlier connection in the same slot.
    pub generation: u32,
    /// The session's name.
    pub sid: u64,
    core: Mutex<Core>,
    /// The task that reads the socket, and writes what did not fit.
    driver: AtomicWaker,
}

/// The state behind a link's lock. The lock is held across system calls on its own socket and nothing else.
#[derive(Debug)]
pub struct Core {
    /// The protocol.
    pub session: Session,
    /// Its output.
    pub outgoing: WriteBuffer,
    /// The socket's writing half; gone when the socket failed or the connection is over. Where the peer has gone, the output is lost, too, and
    /// what has come by then is still read.
    pub socket: Option<WriteHalf>,
    /// Encryption, if any.
    pub tls: Option<Box<Connection>>,
    /// The socket took less than there was: the driver goes on when it is ready again.
    pub blocked: bool,
    /// Output waits for the batch of this number to be delivered.
    pub listed: Option<u64>,
    /// The application's turn has left output, and will write it.
    pub dirty: bool,
    /// The session stands in the list of those whose ACKs may become overdue.
    pub awaiting: bool,
    /// The application has been told that the session is over.
    pub finished: bool,
    /// The socket is not read at the moment because the application is behind.
    pub paused: bool,
    /// The application is told of heartbeat rounds.
    pub tells_stats: bool,
    /// Keeps the connection counted until the application has handled what it has received; none where that is done, or it is not counted.
    pub permit: Option<Arc<ConnectionPermit>>,
}

impl Core {
    /// Runs `call` with the session and its surroundings.
    pub fn with<R>(
        &mut self,
        now: Micros,
        mut events: Sink<'_>,
        call: impl FnOnce(&mut Session, &mut Io<'_, WriteBuffer, Sink<'_>>) -> R,
    ) -> R {
        call(&mut self.session, &mut Io { now, wire: &mut self.outgoing, events: &mut events })
    }

    /// The same, where the output may write the socket: once there is enough for a system call, payloads need not be copied. Not with TLS, which
    /// makes larger records of several messages.
    pub fn with_socket<R>(
        &mut self,
        now: Micros,
        mut events: Sink<'_>,
        call: impl FnOnce(&mut Session, &mut Io<'_, Direct<'_>, Sink<'_>>) -> R,
    ) -> R {
        let socket = self.socket.as_ref().filter(|_| !self.blocked && self.tls.is_none());
        let mut wire = Direct::new(&mut self.outgoing, socket);
        call(&mut self.session, &mut Io { now, wire: &mut wire, events: &mut events })
    }

    /// Writing has failed. Where that means that the peer is gone, only the output ends: nothing more comes than what has arrived already.
    pub fn writing_failed(&mut self, error: &Error) {
        self.socket = None;
        self.blocked = false;
        use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
        if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut) {
            self.outgoing.lose();
        }
    }

    /// Tells the peer of a TLS connection that nothing more comes and nothing is missing (RFC 8446 section 6.1), if the socket takes that now.
    pub fn end_tls(&mut self) {
        let Self { outgoing, socket: Some(socket), tls: Some(tls), .. } = self else { return };
        if outgoing.pending() == 0 {
            tls.send_close_notify();
            // A socket that is dead, or takes no more, is about to be closed all the same.
            let _ = outgoing.flush(socket, Some(tls));
        }
    }
}

impl Link {
    /// A link that no driver serves yet.
    pub fn new(
        SlotId { slot, generation }: SlotId,
        sid: u64,
        session: Session,
        outgoing: WriteBuffer,
        tls: Option<Box<Connection>>,
        socket: WriteHalf,
    ) -> Arc<Self> {
        let core = Core {
            session,
            outgoing,
            socket: Some(socket),
            tls,
            blocked: false,
            listed: None,
            dirty: false,
            awaiting: false,
            finished: false,
            paused: false,
            tells_stats: false,
            permit: None,
        };
        Arc::new(Self { slot, generation, sid, core: Mutex::new(core), driver: AtomicWaker::new() })
    }

    /// Where it stands in the registry.
    pub fn id(&self) -> SlotId {
        SlotId { slot: self.slot, generation: self.generation }
    }

    /// What it is called where one number has to do: that of no other connection that the server has.
    pub fn key(&self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    /// Locks the state. Whoever also needs the inbox locks that first.
    pub fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock()
    }

    /// Where the driver leaves its waker.
    pub fn driver(&self) -> &AtomicWaker {
        &self.driver
    }

    /// Lets the driver look at the link again.
    pub fn wake(&self) {
        self.driver.wake();
    }

    /// Writes what the socket takes, refilling from the outbox. What is left is the driver's. Either thread may call this.
    pub fn flush(&self, core: &mut Core, now: Micros, scratch: &mut Batch) {
        core.listed = None;
        while !core.blocked {
            let flushed = match &core.socket {
                Some(socket) => core.outgoing.flush(socket, core.tls.as_deref_mut()),
                None if core.outgoing.is_lost() => Ok(Flushed::Done),
                None => return,
            };
            match flushed {
                Ok(Flushed::Done) => {
                    core.with(now, scratch.sink(self.slot, 0), |session, io| session.drained(io));
                    if core.outgoing.pending() == 0 {
                        // The driver has to know when there is only the peer's answer to wait for.
                        if core.session.is_closed() {
                            self.wake();
                        }
                        return;
                    }
                }
                Ok(Flushed::Blocked) => {
                    core.blocked = true;
                    core.with(now, scratch.sink(self.slot, 0), |session, io| session.drained(io));
                    self.wake();
                }
                Err(error) => {
                    core.writing_failed(&error);
                    self.wake();
                }
            }
        }
    }
}
