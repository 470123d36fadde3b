//! One connection until it is a session, or is refused: TLS, the HTTP head, the checks in their order, the validator, the 101.
//!
//! | module | holds |
//! |---|---|
//! | [`admission`] | whether its client may have a session |
//! | `client` | a client's connection until then |
//! | [`opening`] | a connection becomes a session |
//! | [`peer`] | connections to other servers, until they are sessions, or are not |
//! | [`mod@reject`] | answers to clients that are not let in |

pub mod admission;
mod client;
pub mod opening;
pub mod peer;
pub mod reject;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::AsyncWriteExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::events::source::SessionSource;
use super::guard::ConnectionGuard;
use super::http::passthrough;
use super::{Shared, Stop};
use crate::net::handshake::{self, Credentials, Kind, Refusal, RequestHead};
use crate::net::socket::Socket;
use crate::net::stream::Stream;
use admission::{Question, describe, replace, reserve};
use client::Client;
use reject::reject;

numbered! {
    /// What the validator said. The numbers are known to `lib/bridge/codes.js` too.
    pub enum Answer {
        /// The token is not good.
        Reject = 0,
        /// It is.
        Accept = 1,
        /// The validator itself failed.
        Failed = 2,
        /// The request's origin is none of those that are allowed.
        OriginRefused = 3,
    }
}

/// How a handshake that became no session ended.
enum Ending {
    /// The client gets an answer.
    Refused(Refusal),
    /// Node.js answers: it is no upgrade to WebSocket.
    HandedOver,
    /// The client is gone.
    Gone,
    /// TLS failed, or took too long.
    NoTls,
    /// The application has closed it before it had sent a whole request.
    Dismissed,
}

impl Ending {
    /// A short, stable label for metrics.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.outcome(),
            Self::HandedOver => "handed_over",
            Self::Gone => "abandoned",
            Self::NoTls => "tls_failed",
            Self::Dismissed => "dismissed",
        }
    }
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

/// Counts a handshake as in progress for as long as it lives; or says why there can be none.
type Pending = Result<OwnedSemaphorePermit, Refusal>;

fn begin(shared: &Shared) -> Pending {
    Arc::clone(&shared.handshakes).try_acquire_owned().map_err(|_| Refusal::too_many_handshakes())
}

/// Serves a connection from its first byte to its last.
pub async fn serve(shared: Arc<Shared>, socket: Socket, peer: Option<SocketAddr>, guard: ConnectionGuard) {
    let deadline = Instant::now() + shared.settings.handshake_timeout;
    let mut stop = shared.stop.subscribe();
    let mut dismissal = shared.dismissals.subscribe();
    let pending = begin(&shared);
    let tls = shared.tls.lock().clone();
    if let (Some(_), Err(refusal)) = (&tls, &pending) {
        // Without a word: an answer would cost the TLS handshake that there is no room for.
        return shared.metrics.handshake(refusal.outcome());
    }
    let encrypted = tokio::select! {
        stream = timeout_at(deadline, encrypt(tls, socket)) => stream.ok().flatten().ok_or(Ending::NoTls),
        _ = stop.wait_for(|stop| *stop != Stop::Running) => Err(Ending::NoTls),
        _ = dismissal.changed() => Err(Ending::Dismissed),
    };
    // Many of these in a row take long, and none makes an event.
    shared.inbox.yield_cpu_if_late();
    let stream = match encrypted {
        Ok(stream) => stream,
        Err(ending) => return shared.metrics.handshake(ending.outcome()),
    };
    let mut client = Client { stream, buffer: Vec::new(), peer, was_handed_over: false, dismissal };
    let mut outcome = attempt(&shared, &pending, &mut client, deadline).await;
    // In any other case it is pending no more.
    if let (Err(Ending::HandedOver), Ok(pending)) = (&outcome, pending) {
        shared.metrics.handshake(Ending::HandedOver.outcome());
        let Client { stream, buffer, peer, dismissal, .. } = client;
        let Some((stream, buffer)) = passthrough::serve(&shared, stream, peer, buffer, pending).await else { return };
        client = Client { stream, buffer, peer, was_handed_over: true, dismissal };
        let deadline = Instant::now() + shared.settings.handshake_timeout;
        outcome = attempt(&shared, &begin(&shared), &mut client, deadline).await;
    }
    match outcome {
        Ok(Accepted { sid, number }) => {
            shared.metrics.handshake("accepted");
            let replaced = shared.registry.lock().holder(sid);
            if let Some(older) = replaced {
                replace(&shared, &older);
            }
            let Client { stream, buffer, .. } = client;
            opening::open(&shared, stream, sid, &SessionSource::Client { number }, buffer, guard);
        }
        Err(ending) => {
            shared.metrics.handshake(ending.outcome());
            match ending {
                Ending::Refused(refusal) => reject(&shared, &mut client.stream, &refusal, peer).await,
                // What was given back is an upgrade to WebSocket, so that it can't be handed over again.
                Ending::HandedOver | Ending::Gone | Ending::NoTls | Ending::Dismissed => {}
            }
        }
    }
}

/// One handshake, from its first byte to its answer or that it gets none.
async fn attempt(
    shared: &Shared,
    pending: &Pending,
    client: &mut Client,
    deadline: Instant,
) -> Result<Accepted, Ending> {
    if let Err(refusal) = pending {
        return Err(refusal.clone().into());
    }
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        outcome = timeout_at(deadline, negotiate(shared, client)) => {
            outcome.unwrap_or_else(|_| Err(Refusal::timeout().into()))
        }
        _ = stop.wait_for(|stop| *stop != Stop::Running) => Err(Refusal::shutting_down().into()),
    }
}

/// The stream behind TLS, where that is asked for; none when it fails.
async fn encrypt(tls: Option<Arc<ServerConfig>>, socket: Socket) -> Option<Stream> {
    match tls {
        None => Some(Stream::Plain(socket)),
        Some(config) => Some(Stream::Tls(Box::new(TlsAcceptor::from(config).accept(socket).await.ok()?.into()))),
    }
}

/// A handshake that succeeded. Its sid stays reserved until [`opening::open`] has given it to the session.
struct Accepted {
    sid: u64,
    number: u32,
}

async fn negotiate(shared: &Shared, client: &mut Client) -> Result<Accepted, Ending> {
    let (head, length) = read_head(shared, client).await?;
    let kind = handshake::classify(&head).map_err(|refusal| refusal.answering(&head.method))?;
    let Kind::WebSocket { key } = kind else {
        let answered = shared.wanted().wants(Some(&head));
        return Err(if answered {
            Ending::HandedOver
        } else {
            Refusal::upgrade_required().answering(&head.method).into()
        });
    };
    // What came behind the head is the session's.
    client.buffer.drain(..length);
    let Credentials { token, sid } = handshake::credentials(&head.target)?;
    let reserved = reserve(shared, sid)?;
    let number = shared.next_handshake.fetch_add(1, Ordering::Relaxed);
    let question = Question { shared, number };
    match question.ask(&token, &describe(&head, client.peer), client).await? {
        Answer::Accept => {}
        Answer::Reject => return Err(Refusal::invalid_token().into()),
        Answer::Failed => return Err(Refusal::validator_failed().into()),
        Answer::OriginRefused => return Err(Refusal::origin_refused().into()),
    }
    client.stream.write_all(&handshake::accepted(&key)).await?;
    client.stream.flush().await?;
    // Both are the session's now.
    std::mem::forget((reserved, question));
    Ok(Accepted { sid, number })
}

/// Reads up to the end of the head, and tells its length in the buffer.
async fn read_head(shared: &Shared, client: &mut Client) -> Result<(RequestHead, usize), Ending> {
    loop {
        match handshake::parse(&client.buffer) {
            Ok(Some(read)) => return Ok(read),
            Ok(None) => {}
            // Node.js may allow what we don't, and tells the application's `clientError` listeners of the rest.
            Err(_) if !client.was_handed_over && shared.wanted().wants(None) => return Err(Ending::HandedOver),
            Err(refusal) => return Err(refusal.into()),
        }
        client.read_request().await?;
    }
}
