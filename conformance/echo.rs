//! A WebSocket endpoint that sends every message back: the server's listener, upgrade, framing and output, without a session between them.
//!
//! What is here stands for `src/server/handshake/mod.rs` and `src/server/connection/`, and ends a connection as they do.

use std::future::poll_fn;
use std::io;
use std::time::Duration;

use cryo_server::net::handshake::{self, Kind, Refusal};
use cryo_server::net::listener::Listener;
use cryo_server::net::socket::{ReadHalf, Socket, WriteHalf};
use cryo_server::net::websocket::{Decoder, Item, Role};
use cryo_server::net::write_buffer::{Flushed, WriteBuffer};
use cryo_server::protocol::close;
use cryo_server::session::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// The largest message sent back, in bytes. The largest of Autobahn's is as large.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Bytes read from a socket at a time, as the server does.
const SCRATCH: usize = 64 * 1024;

/// How long a peer that broke the rules may take to go.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves all who connect, until it is dropped.
///
/// # Errors
/// When the system can't accept.
pub async fn serve(listener: Listener) -> io::Result<()> {
    loop {
        let (mut socket, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A connection that is lost is nobody's error here.
            if let Ok(Some(early)) = upgrade(&mut socket).await {
                let _ = Connection::new(socket).converse(early).await;
            }
        });
    }
}

/// The HTTP part. What came behind the request in the same read, or none if it was refused.
async fn upgrade(socket: &mut Socket) -> io::Result<Option<Vec<u8>>> {
    let mut buffer = Vec::new();
    loop {
        match request(&buffer) {
            Ok(Some((key, length))) => {
                socket.write_all(&handshake::accepted(&key)).await?;
                buffer.drain(..length);
                return Ok(Some(buffer));
            }
            Ok(None) if socket.read_buf(&mut buffer).await? > 0 => {}
            Ok(None) => return Ok(None),
            Err(refusal) => {
                socket.write_all(&refusal.response("the client")).await?;
                return Ok(None);
            }
        }
    }
}

/// The key of the upgrade request at the start of `bytes`, and the request's length, once it is complete.
fn request(bytes: &[u8]) -> Result<Option<(String, usize)>, Refusal> {
    let Some((head, length)) = handshake::parse(bytes)? else { return Ok(None) };
    match handshake::classify(&head)? {
        Kind::WebSocket { key } => Ok(Some((key, length))),
        Kind::Plain => Err(Refusal::upgrade_required()),
    }
}

/// What is to be expected of the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// It has sent its close frame.
    Closed,
    /// It broke WebSocket: what it sends means nothing any more.
    Broken,
}

/// A connection after its upgrade.
struct Connection {
    read: ReadHalf,
    write: WriteHalf,
    decoder: Decoder,
    outgoing: WriteBuffer,
    state: State,
}

impl Connection {
    fn new(socket: Socket) -> Self {
        let (read, write) = socket.into_split();
        let decoder = Decoder::new(Role::Server, MAX_MESSAGE);
        Self { read, write, decoder, outgoing: WriteBuffer::new(Role::Server), state: State::Open }
    }

    /// Answers until one end has closed, and sees that through.
    async fn converse(mut self, mut early: Vec<u8>) -> io::Result<()> {
        self.answer(&mut early);
        self.flush().await?;
        let mut scratch = vec![0; SCRATCH];
        while self.state == State::Open && self.read(&mut scratch).await? {
            self.flush().await?;
        }
        if self.state == State::Broken {
            // Closing on unread input would reset the connection, and lose the close frame.
            self.write.shutdown();
            let gone = async { while self.read(&mut scratch).await.is_ok_and(|more| more) {} };
            let _ = timeout(CLOSE_TIMEOUT, gone).await;
        }
        Ok(())
    }

    /// Reads once, and answers what that brought. False at the end of the stream.
    async fn read(&mut self, scratch: &mut [u8]) -> io::Result<bool> {
        let mut buf = ReadBuf::new(scratch);
        poll_fn(|cx| self.read.poll_read(cx, &mut buf)).await?;
        self.answer(buf.filled_mut());
        Ok(!buf.filled().is_empty())
    }

    fn answer(&mut self, input: &mut [u8]) {
        let Self { decoder, outgoing, state, .. } = self;
        let fed = decoder.feed(input, |item| match item {
            Item::Text(payload) => outgoing.text(payload.as_slice()),
            Item::Binary(payload) => outgoing.frame(payload.as_slice(), &[]),
            Item::Ping(payload) => outgoing.pong(payload),
            Item::Pong => {}
            Item::Close { code, reason } => {
                *state = State::Closed;
                outgoing.close(code.unwrap_or(close::WEBSOCKET_NORMAL), &String::from_utf8_lossy(reason));
            }
        });
        if let Err(violation) = fed {
            self.state = State::Broken;
            self.outgoing.close(violation.code, violation.reason);
        }
    }

    /// Waits until the socket has taken everything.
    async fn flush(&mut self) -> io::Result<()> {
        while self.outgoing.flush(&self.write, None)? == Flushed::Blocked {
            poll_fn(|cx| self.write.poll_write_ready(cx)).await?;
        }
        Ok(())
    }
}
