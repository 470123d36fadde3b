//! Answers to clients that are not let in. However many there are, they cost little: nobody waits for them in crowds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::net::handshake::Refusal;
use crate::net::socket::Socket;
use crate::net::stream::Stream;
use crate::server::Shared;
use crate::server::limits::Excess;

/// How long a refused client has to take its answer and go, at most, however long sessions have.
const LINGER: Duration = Duration::from_secs(2);

/// Refused clients that are waited for at a time. Beyond, a connection is closed behind its answer, which the client then may not see.
const MAX_LINGERING: usize = 256;

/// Bytes of a refused client's input read at a time.
const PORTION: usize = 2048;

/// Refused clients that are being waited for.
#[derive(Debug, Default)]
pub struct Lingering(AtomicUsize);

impl Lingering {
    fn begin(&self) -> Option<LingerSlot<'_>> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        // Made in any case: its drop undoes the addition.
        let slot = LingerSlot(self);
        (before < MAX_LINGERING).then_some(slot)
    }
}

struct LingerSlot<'a>(&'a Lingering);

impl Drop for LingerSlot<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Answers, then waits for the client to go: closing on unread input would reset the connection and lose the answer.
pub async fn reject(shared: &Shared, stream: &mut Stream, refusal: &Refusal, peer: Option<SocketAddr>) {
    let answer = refusal.response(&display(peer));
    let lingering = shared.lingering.begin();
    // The server's end waits for it.
    let patience = LINGER.min(shared.settings.close_timeout);
    // Bounded whatever the client does, and it does not matter to us whether it took the answer.
    let _ = timeout(patience, async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        let mut rest = [0; PORTION];
        while lingering.is_some() && stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

/// Rejects a connection that is over a limit. With TLS without a word: an answer would cost a whole TLS handshake.
pub fn reject_excess(shared: &Arc<Shared>, socket: Socket, peer: Option<SocketAddr>, excess: Excess) {
    shared.metrics.refused(excess);
    if shared.tls.lock().is_some() {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let refusal = match excess {
            Excess::InAll => Refusal::too_many_connections(),
            Excess::FromAddress => Refusal::too_many_from_address(),
        };
        reject(&shared, &mut Stream::Plain(socket), &refusal, peer).await;
    });
}

/// The client's address as the refusals print it.
fn display(peer: Option<SocketAddr>) -> String {
    peer.map_or_else(|| "local".into(), |peer| format!("{}:{}", peer.ip(), peer.port()))
}
