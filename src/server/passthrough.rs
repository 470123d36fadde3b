//! Requests that are not Cryo's: a connection whose first one is not, or can't be read at all, is handed over to Node.js, byte by byte, until its end.
//! This is the task that reads it; see [`relay`](super::relay) for what it shares with the JavaScript thread.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::accept::Share;
use super::batch::Code;
use super::relay::{Relay, Writing};
use super::{Shared, Stop};
use crate::net::handshake::RequestHead;
use crate::net::socket::ReadHalf;
use crate::net::stream::Stream;

/// Bytes read from a socket at a time.
const SCRATCH: usize = 64 * 1024;

/// Reads in a row before other connections get their turn.
const READS_PER_TURN: usize = 4;

thread_local! {
    /// Where sockets are read to, and where TLS is decrypted to, so that a connection owns no buffer.
    static SCRATCHES: RefCell<(Vec<u8>, Vec<u8>)> = RefCell::new((vec![0; SCRATCH], Vec::new()));
}

/// Which requests the application listens for on `http_server`; `lib/http.js` has the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted(pub u8);

impl Wanted {
    const REQUEST: u8 = 1;
    const UPGRADE: u8 = 2;
    const CONNECT: u8 = 4;

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

/// Hands a connection over and serves it until it is closed. `early` is what was read of it.
pub async fn serve(shared: Arc<Shared>, stream: Stream, peer: Option<SocketAddr>, early: Vec<u8>, share: Share) {
    let (socket, tls) = stream.into_parts();
    let encrypted = tls.is_some();
    let addresses = format!("{}\n{}", lines(peer), lines(socket.local_address()));
    let (read, write) = socket.into_split();
    let id = shared.next_relay.fetch_add(1, Ordering::Relaxed);
    let relay = Relay::new(id, write, tls);
    shared.inbox.write(|filling| filling.batch.http_opened(&relay, &addresses));
    let mut reader = Reader { shared: &shared, relay, read, encrypted, ended: false };
    let result = tokio::select! {
        result = reader.run(early) => result,
        () = too_late(&shared) => Ok(()),
    };
    let error = result.err().map(|error| code(&error)).unwrap_or_default();
    shared.inbox.write(|filling| filling.batch.push(id, Code::HttpClosed, 0, 0, error.as_bytes()));
    drop(share);
}

/// Address and port; empty over a Unix domain socket.
fn lines(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "\n".into(), |address| format!("{}\n{}", address.ip(), address.port()))
}

/// Waits until a server that stops has waited long enough for the answers under way.
async fn too_late(shared: &Shared) {
    let mut stop = shared.stop.subscribe();
    // An error would mean that the server is gone.
    let _ = stop.wait_for(|stop| *stop != Stop::Running).await;
    tokio::time::sleep(shared.settings.close_timeout).await;
}

struct Reader<'a> {
    shared: &'a Shared,
    relay: Arc<Relay>,
    read: ReadHalf,
    encrypted: bool,
    /// The client will send no more.
    ended: bool,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        // Also when the runtime ends first. The half that is read goes with this.
        self.relay.close();
    }
}

impl Reader<'_> {
    /// Reads until the connection is over.
    ///
    /// # Errors
    /// When the connection broke.
    async fn run(&mut self, early: Vec<u8>) -> io::Result<()> {
        self.deliver(&early);
        drop(early);
        if self.encrypted {
            // What rustls has decrypted already.
            let ended = SCRATCHES.with_borrow_mut(|(_, plain)| self.decrypt(&[], plain))?;
            self.note_end(ended);
        }
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..READS_PER_TURN {
            match self.relay.poll_writing(cx)? {
                Writing::Same => {}
                Writing::Ready => self.tell(Code::HttpWritable),
                Writing::Destroyed => return Poll::Ready(Ok(())),
            }
            if self.ended || self.relay.is_paused() {
                return Poll::Pending;
            }
            let ended = ready!(self.poll_read(cx))?;
            self.note_end(ended);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once. True at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        SCRATCHES.with_borrow_mut(|(scratch, plain)| {
            let mut buf = ReadBuf::new(scratch);
            ready!(self.read.poll_read(cx, &mut buf))?;
            let input = buf.filled();
            if input.is_empty() {
                return Poll::Ready(Ok(true));
            }
            Poll::Ready(if self.encrypted {
                self.decrypt(input, plain)
            } else {
                self.deliver(input);
                Ok(false)
            })
        })
    }

    /// Takes bytes as they came from an encrypted socket. True when the client has said that nothing more comes.
    fn decrypt(&self, input: &[u8], plain: &mut Vec<u8>) -> io::Result<bool> {
        plain.clear();
        let result = self.relay.decrypt(input, plain);
        self.deliver(plain);
        result
    }

    fn deliver(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.relay.received(bytes.len());
        self.shared.inbox.write(|filling| filling.batch.push(self.relay.id, Code::HttpData, 0, 0, bytes));
    }

    fn note_end(&mut self, ended: bool) {
        if ended {
            self.ended = true;
            self.tell(Code::HttpEnd);
        }
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
        _ => "ECONNABORTED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
