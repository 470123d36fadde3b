//! [`ConnectionGuard`]: what keeps a server from being over.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::limits::ConnectionPermit;

/// Held by whatever serves a connection: the server is over when all guards are dropped. With a client's connection, its permit.
#[derive(Debug)]
pub struct ConnectionGuard {
    server: mpsc::Sender<()>,
    permit: Option<Arc<ConnectionPermit>>,
}

impl ConnectionGuard {
    /// The first one, from which the others are made: the channel of `server` closes with the last.
    pub(super) fn new(server: mpsc::Sender<()>) -> Self {
        Self { server, permit: None }
    }

    /// The guard of a connection that the server itself makes.
    pub fn outgoing(&self) -> Self {
        Self { server: self.server.clone(), permit: None }
    }

    /// The guard of a client's connection.
    pub(super) fn incoming(&self, permit: ConnectionPermit) -> Self {
        Self { server: self.server.clone(), permit: Some(Arc::new(permit)) }
    }

    /// The permit, for a session that may have left something to be handled when its connection is over.
    pub fn permit(&self) -> Option<Arc<ConnectionPermit>> {
        self.permit.clone()
    }
}
