//! A client's connection, until its handshake is over.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use super::Ending;
use crate::net::handshake::MAX_HEAD;
use crate::net::stream::Stream;

/// Bytes read at a time.
const PORTION: usize = 2048;

/// A client, as far as a handshake has to know it.
pub(super) struct Client {
    pub(super) stream: Stream,
    /// What was read of it and nobody has taken yet.
    pub(super) buffer: Vec<u8>,
    /// The client's address; none over a Unix domain socket.
    pub(super) peer: Option<SocketAddr>,
    /// Whether Node.js has given it back. It was read there as what is Cryo's, and is not handed over again.
    pub(super) was_handed_over: bool,
    /// Changes when it has to go, if it has not sent a whole request by then.
    pub(super) dismissal: watch::Receiver<()>,
}

impl Client {
    /// Reads what is there of a request.
    ///
    /// # Errors
    ///
    /// `Gone` where that is nothing and nothing will come any more, `Dismissed` where nobody wants to wait for it any longer.
    pub(super) async fn read_request(&mut self) -> Result<(), Ending> {
        let mut dismissal = self.dismissal.clone();
        tokio::select! {
            read = self.read_more() => if read? == 0 { Err(Ending::Gone) } else { Ok(()) },
            _ = dismissal.changed() => Err(Ending::Dismissed),
        }
    }

    /// Reads what is there; 0 at the end of the stream.
    async fn read_more(&mut self) -> std::io::Result<usize> {
        self.buffer.reserve(PORTION);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// Waits for what the client is waiting for, unless it leaves first. Who waits in another way keeps a place for clients that are gone.
    ///
    /// # Errors
    ///
    /// `Gone` where the client has left, or nothing will come any more.
    pub(super) async fn wait_for<T, E>(&mut self, answer: impl Future<Output = Result<T, E>>) -> Result<T, Ending> {
        tokio::select! {
            answer = answer => answer.map_err(|_| Ending::Gone),
            () = self.client_left() => Err(Ending::Gone),
        }
    }

    /// Waits until the client leaves. Meanwhile what it sends ahead is read, as much as a head may have; the rest is left to its session.
    async fn client_left(&mut self) {
        while self.buffer.len() < MAX_HEAD {
            match self.read_more().await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        // Apart, because hardly any client has it come to this, and all have to keep room for it.
        Box::pin(self.stream.socket().peer_left()).await;
    }
}
