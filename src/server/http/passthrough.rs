//! Requests that are not Cryo's: a connection whose first one is not, or can't be read at all, is handed over to Node.js, byte by byte,
//! until its end. This is the task that reads it; see [`relay`](super::relay) for what it shares with the JavaScript thread.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;
use tokio::sync::OwnedSemaphorePermit;

use super::relay::{Relay, Writing};
use crate::net::handshake::RequestHead;
use crate::net::stream::Stream;
use crate::net::tls;
use crate::server::events::batch::Code;
use crate::server::{Shared, Stop};

/// Bytes read from a socket at a time.
const PORTION: usize = 64 * 1024;

/// Reads in a row before other connections get their turn.
const READS_PER_TURN: usize = 4;

/// What Node.js calls an end that has no better name.
const ABORTED: &str = "ECONNABORTED";

thread_local! {
    /// Where sockets are read to, so that a connection owns no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; PORTION]);
}

/// Which requests the application listens for on `http_server`; `lib/http/http-server.js` has the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted(pub u8);

impl Wanted {
    /// Bit of `request`.
    pub const REQUEST: u8 = 1;
    /// Bit of `upgrade`.
    pub const UPGRADE: u8 = 2;
    /// Bit of `connect`.
    pub const CONNECT: u8 = 4;

    /// Whether somebody would answer this request, which is no upgrade to WebSocket; `None` if it can't be read.
    pub fn wants(self, head: Option<&RequestHead>) -> bool {
        let listeners = match head {
            Some(head) if head.method == "CONNECT" => Self::REQUEST | Self::CONNECT,
            Some(head) if head.has_token("connection", "upgrade") => Self::REQUEST | Self::UPGRADE,
            _ => Self::REQUEST,
        };
        self.0 & listeners != 0
    }
}

/// Hands a connection over and serves it until it is closed, or given back: then it is returned, with the head of a request that is Cryo's after all.
/// `early` is what was read of it. It counts as `pending` until JavaScript takes it.
pub async fn serve(
    shared: &Shared,
    stream: Stream,
    peer: Option<SocketAddr>,
    early: Vec<u8>,
    pending: OwnedSemaphorePermit,
) -> Option<(Stream, Vec<u8>)> {
    let tls = stream.server_tls().map(tls::describe).unwrap_or_default();
    let about = format!("{}\n{}\n{tls}", lines(peer), lines(stream.socket().local_address()));
    let id = shared.next_relay.fetch_add(1, Ordering::Relaxed);
    let mut reader = HttpReader { shared, relay: Relay::new(id, stream), ended: false, error: ABORTED };
    shared.inbox.write(|filling| filling.batch.http_opened(&reader.relay, &about, pending));
    reader.deliver(&early);
    drop(early);
    let result = tokio::select! {
        result = std::future::poll_fn(|cx| reader.poll(cx)) => result,
        () = too_late(shared) => Ok(()),
    };
    reader.error = result.err().map(|error| code(&error)).unwrap_or_default();
    reader.relay.take()
}

/// Address and port; empty over a Unix domain socket.
fn lines(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "\n".into(), |address| format!("{}\n{}", address.ip(), address.port()))
}

/// Waits until a server that stops has waited long enough for the answers under way. While it drains, they have the time that its sessions have.
async fn too_late(shared: &Shared) {
    let mut stop = shared.stop.subscribe();
    // An error would mean that the server is gone.
    let _ = stop.wait_for(|stop| *stop >= Stop::Leaving).await;
    tokio::time::sleep(shared.settings.close_timeout).await;
}

struct HttpReader<'a> {
    shared: &'a Shared,
    relay: Arc<Relay>,
    /// The client will send no more.
    ended: bool,
    /// What Node.js is told of the connection's end: nothing, or what it calls the error.
    error: &'static str,
}

impl Drop for HttpReader<'_> {
    fn drop(&mut self) {
        // Also when the runtime ends first, or this task panics: JavaScript may hold the relay for longer.
        self.relay.take();
        let (id, error) = (self.relay.id, self.error.as_bytes());
        self.shared.inbox.write(|filling| filling.batch.push(id, Code::HttpClosed, 0, 0, error));
    }
}

impl HttpReader<'_> {
    /// Reads until the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..READS_PER_TURN {
            match self.relay.poll_writing(cx)? {
                Writing::Same => {}
                Writing::Ready => self.tell(Code::HttpWritable),
                Writing::Returning => return Poll::Pending,
                Writing::Destroyed | Writing::Returned => return Poll::Ready(Ok(())),
            }
            if self.ended || self.relay.is_paused() {
                return Poll::Pending;
            }
            ready!(self.shared.inbox.poll_room(cx));
            self.ended = ready!(self.poll_read(cx))?;
            if self.ended {
                self.tell(Code::HttpEnd);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once. True at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buf = ReadBuf::new(scratch);
            ready!(self.relay.poll_read(cx, &mut buf))?;
            self.deliver(buf.filled());
            Poll::Ready(Ok(buf.filled().is_empty()))
        })
    }

    fn deliver(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.relay.received(bytes.len());
        self.shared.inbox.write(|filling| filling.batch.push(self.relay.id, Code::HttpData, 0, 0, bytes));
    }

    fn tell(&self, code: Code) {
        self.shared.inbox.write(|filling| filling.batch.push(self.relay.id, code, 0, 0, &[]));
    }
}

/// What Node.js calls the error.
fn code(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionReset => "ECONNRESET",
        io::ErrorKind::BrokenPipe => "EPIPE",
        io::ErrorKind::TimedOut => "ETIMEDOUT",
        io::ErrorKind::InvalidData => "EPROTO",
        _ => ABORTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn nothing_is_read_while_the_inbox_is_full() {
        use tokio::io::AsyncWriteExt as _;

        use crate::net::socket::Socket;
        use crate::server::events::batch::Batch;
        use crate::server::events::filling::CAPACITY;
        use crate::server::settings::Settings;

        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let (ours, mut theirs) = tokio::net::UnixStream::pair().expect("two sockets");
        theirs.write_all(b"request").await.expect("a socket that lives");
        ours.readable().await.expect("a socket that lives");
        let relay = Relay::new(0, Stream::Plain(Socket::Unix(ours)));
        let mut reader = HttpReader { shared: &shared, relay, ended: false, error: ABORTED };
        let filler = vec![0; CAPACITY];
        shared.inbox.write(|filling| filling.batch.push(1, Code::Binary, 0, 0, &filler));
        let mut batches = [CAPACITY, b"request".len()].into_iter();
        // Woken for the second one by the first one's leaving.
        std::future::poll_fn(|cx| {
            assert!(reader.poll(cx).is_pending());
            let delivered = shared.inbox.next(Batch::default()).map(|batch| batch.bytes.len());
            assert_eq!(delivered, batches.next());
            if batches.len() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nodejs_is_told_of_a_connection_whose_task_ends_early() {
        use crate::net::socket::Socket;
        use crate::server::events::batch::{Batch, WORDS};
        use crate::server::settings::Settings;

        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let (ours, _theirs) = tokio::net::UnixStream::pair().expect("two sockets");
        let pending = Arc::clone(&shared.handshakes).try_acquire_owned().expect("one of many");
        let service = serve(&shared, Stream::Plain(Socket::Unix(ours)), None, b"request".to_vec(), pending);
        assert!(tokio::time::timeout(std::time::Duration::ZERO, service).await.is_err());
        let batch = shared.inbox.next(Batch::default()).expect("events");
        let codes: Vec<_> = batch.words.chunks(WORDS).map(|words| words[1]).collect();
        assert_eq!(codes, [Code::HttpOpened, Code::HttpData, Code::HttpClosed].map(u32::from));
        assert!(batch.bytes.ends_with(b"requestECONNABORTED"));
        let free = |shared: &Shared| shared.handshakes.available_permits() == shared.settings.max_pending_handshakes;
        assert!(!free(&shared), "what it has left is still to be handled");
        drop(batch);
        assert!(free(&shared));
    }

    fn head(method: &str, connection: Option<&str>) -> RequestHead {
        let headers = connection.map(|value| ("Connection".into(), value.into())).into_iter().collect();
        RequestHead { method: method.into(), target: "/".into(), minor_version: 1, headers }
    }

    #[test]
    fn upgrades_and_tunnels_may_have_listeners_of_their_own() {
        let (plain, upgrade, connect) =
            (head("GET", None), head("GET", Some("Upgrade, HTTP2-Settings")), head("CONNECT", None));
        let answered =
            |wanted: u8| [Some(&plain), Some(&upgrade), Some(&connect), None].map(|head| Wanted(wanted).wants(head));
        assert_eq!(answered(0), [false, false, false, false]);
        assert_eq!(answered(Wanted::REQUEST), [true, true, true, true]);
        assert_eq!(answered(Wanted::UPGRADE), [false, true, false, false]);
        assert_eq!(answered(Wanted::CONNECT), [false, false, true, false]);
    }
}
