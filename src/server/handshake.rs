//! One connection until it is a session, or is refused: TLS, the HTTP head, the checks in their order, the validator, the 101.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::accept::Share;
use super::admission::{Question, describe, read_more, replace, reserve};
use super::opening::{self, Origin};
use super::{Shared, Stop, passthrough};
use crate::net::handshake::{self, Credentials, Kind, Refusal, RequestHead};
use crate::net::socket::Socket;
use crate::net::stream::Stream;

/// How long a refused client has to take its answer and go, at most.
const LINGER: Duration = Duration::from_secs(2);

/// Bytes read at a time during a handshake.
pub(super) const PORTION: usize = 2048;

/// What the validator said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The token is good.
    Accept,
    /// It is not.
    Reject,
    /// The validator itself failed.
    Failed,
}

/// How a handshake that became no session ended.
pub(super) enum Ending {
    /// The client gets an answer.
    Refused(Refusal),
    /// Node.js answers: it is no upgrade to WebSocket.
    HandedOver,
    /// The client is gone, or speaks no TLS.
    Gone,
}

impl From<Refusal> for Ending {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<std::io::Error> for Ending {
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

/// Counts a handshake as under way for as long as it lives.
struct Pending<'a>(&'a Shared);

impl<'a> Pending<'a> {
    fn begin(shared: &'a Shared) -> Result<Self, Refusal> {
        let before = shared.pending_handshakes.fetch_add(1, Ordering::Relaxed);
        let pending = Self(shared);
        if before < shared.settings.max_pending_handshakes { Ok(pending) } else { Err(Refusal::too_many_handshakes()) }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.pending_handshakes.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a connection from its first byte to its last.
pub async fn serve(shared: Arc<Shared>, socket: Socket, peer: Option<SocketAddr>, share: Share) {
    let deadline = Instant::now() + shared.settings.handshake_timeout;
    let tls = shared.tls.lock().clone();
    let mut stream = match tls {
        None => Stream::Plain(socket),
        Some(config) => match timeout_at(deadline, TlsAcceptor::from(config).accept(socket)).await {
            Ok(Ok(stream)) => Stream::Tls(Box::new(stream.into())),
            Ok(Err(_)) | Err(_) => return,
        },
    };
    let mut buffer = Vec::new();
    let mut outcome = attempt(&shared, &mut stream, &mut buffer, peer, deadline).await;
    if let Err(Ending::HandedOver) = outcome {
        let Some(given_back) = passthrough::serve(&shared, stream, peer, buffer).await else { return };
        (stream, buffer) = given_back;
        let deadline = Instant::now() + shared.settings.handshake_timeout;
        outcome = attempt(&shared, &mut stream, &mut buffer, peer, deadline).await;
    }
    match outcome {
        Ok(Accepted { sid, number }) => {
            let replaced = shared.registry.lock().holder(sid);
            if let Some(older) = replaced {
                replace(&shared, &older);
            }
            opening::open(&shared, stream, sid, &Origin::Client { number }, buffer, share);
        }
        Err(Ending::Refused(refusal)) => {
            let answer = refusal.response(&display(peer));
            // Bounded whatever the client does, and it does not matter to us whether it took the answer.
            let _ = timeout(LINGER, dismiss(&mut stream, &answer)).await;
        }
        // What was given back is an upgrade to WebSocket, so that it can't be handed over again.
        Err(Ending::HandedOver | Ending::Gone) => {}
    }
}

/// One handshake, from its first byte to its answer or that it gets none.
async fn attempt(
    shared: &Shared,
    stream: &mut Stream,
    buffer: &mut Vec<u8>,
    peer: Option<SocketAddr>,
    deadline: Instant,
) -> Result<Accepted, Ending> {
    let _pending = Pending::begin(shared)?;
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        outcome = timeout_at(deadline, negotiate(shared, stream, buffer, peer)) => {
            outcome.unwrap_or_else(|_| Err(Refusal::timeout().into()))
        }
        _ = stop.wait_for(|stop| *stop != Stop::Running) => Err(Refusal::shutting_down().into()),
    }
}

/// A handshake that succeeded. Its sid stays reserved until [`opening::open`] has given it to the session.
struct Accepted {
    sid: u64,
    number: u32,
}

async fn negotiate(
    shared: &Shared,
    stream: &mut Stream,
    buffer: &mut Vec<u8>,
    peer: Option<SocketAddr>,
) -> Result<Accepted, Ending> {
    let (head, length) = read_head(shared, stream, buffer).await?;
    let Kind::WebSocket { key } = handshake::classify(&head)? else {
        let answered = shared.wanted().wants(Some(&head));
        return Err(if answered { Ending::HandedOver } else { Refusal::upgrade_required().into() });
    };
    // What came behind the head is the session's.
    buffer.drain(..length);
    let Credentials { token, sid } = handshake::credentials(&head.target)?;
    let reserved = reserve(shared, sid)?;
    let number = shared.next_handshake.fetch_add(1, Ordering::Relaxed);
    let question = Question { shared, number };
    match question.ask(&token, &describe(&head, peer), stream, buffer).await? {
        Verdict::Accept => {}
        Verdict::Reject => return Err(Refusal::invalid_token().into()),
        Verdict::Failed => return Err(Refusal::validator_failed().into()),
    }
    stream.write_all(&handshake::accepted(&key)).await?;
    stream.flush().await?;
    // Both are the session's now.
    std::mem::forget((reserved, question));
    Ok(Accepted { sid, number })
}

/// Reads up to the end of the head, and tells its length in `buffer`.
async fn read_head(shared: &Shared, stream: &mut Stream, buffer: &mut Vec<u8>) -> Result<(RequestHead, usize), Ending> {
    loop {
        match handshake::parse(buffer) {
            Ok(Some(read)) => return Ok(read),
            Ok(None) => {}
            // Node.js may allow what we don't, and tells the application's `clientError` listeners of the rest.
            Err(_) if shared.wanted().wants(None) => return Err(Ending::HandedOver),
            Err(refusal) => return Err(refusal.into()),
        }
        if read_more(stream, buffer).await? == 0 {
            return Err(Ending::Gone);
        }
    }
}

/// Answers, then waits for the client to go: closing on unread input would reset the connection and lose the answer.
async fn dismiss(stream: &mut Stream, answer: &[u8]) -> std::io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    let mut rest = vec![0; PORTION];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// The client's address as the refusals print it.
fn display(peer: Option<SocketAddr>) -> String {
    peer.map_or_else(|| "local".into(), |peer| format!("{}:{}", peer.ip(), peer.port()))
}
