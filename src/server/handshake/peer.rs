//! Connections to other servers, as the application asks for them: until each is a session, or has failed.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::opening;
use crate::net::client::destination::Destination;
use crate::net::client::failure::Failure;
use crate::net::client::{self, Upgraded};
use crate::server::events::batch::Code;
use crate::server::events::source::SessionSource;
use crate::server::guard::ConnectionGuard;
use crate::server::{Shared, Stop};

/// The application's wish to connect to another server.
pub struct ConnectRequest {
    /// What the application calls it.
    pub number: u32,
    /// Where to.
    pub destination: Destination,
    /// The addresses of its host, in the order to try them in.
    pub addresses: Vec<SocketAddr>,
    /// Whom to trust; none without TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// For the other server's validator.
    pub token: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// Connects as the application asks, until the server is to stop.
pub async fn serve(shared: Arc<Shared>, guard: ConnectionGuard) {
    let Some(mut requests) = shared.incoming_connect_requests.lock().take() else { return };
    let mut stop = shared.stop.subscribe();
    loop {
        let request = tokio::select! {
            request = requests.recv() => request,
            _ = stop.wait_for(|stop| *stop != Stop::Running) => None,
        };
        let Some(request) = request else { return };
        tokio::spawn(connect(Arc::clone(&shared), request, guard.outgoing()));
    }
}

/// Makes one connection. Nothing is said of one that the server's end cuts short: the application knows.
async fn connect(shared: Arc<Shared>, request: ConnectRequest, guard: ConnectionGuard) {
    let ConnectRequest { number, destination, addresses, tls, token, timeout: patience } = request;
    // Only the other server has to tell it from those of its other clients.
    let sid = RandomState::new().hash_one(number);
    let target = destination.target(&token, sid);
    let mut stop = shared.stop.subscribe();
    let outcome = tokio::select! {
        outcome = timeout(patience, client::connect(&destination, &addresses, tls, &target)) => outcome,
        _ = stop.wait_for(|stop| *stop != Stop::Running) => return,
    };
    match outcome.unwrap_or(Err(Failure::Timeout)) {
        Ok(Upgraded { stream, address, early }) => {
            let request = format!("{}\n{}\n{target}", address.ip(), address.port());
            opening::open(&shared, stream, sid, &SessionSource::Peer { number, request }, early, guard);
        }
        Err(failure) => {
            let why = describe(&failure);
            shared.inbox.write(|filling| filling.batch.push(number, Code::PeerFailed, 0, 0, why.as_bytes()));
        }
    }
}

/// A failure for the application: which one it is, then its parts, one a line.
fn describe(failure: &Failure) -> String {
    match failure {
        Failure::Unreachable { syscall, code, address, message } => {
            let (ip, port) = address.map_or_else(Default::default, |to| (to.ip().to_string(), to.port().to_string()));
            format!("unreachable\n{message}\n{syscall}\n{code}\n{ip}\n{port}")
        }
        Failure::Tls(why) => format!("tls\n{why}"),
        Failure::Refused { status, reason, body } => {
            format!("refused\n{reason}\n{}\n{body}", status.unwrap_or_default())
        }
        Failure::Timeout => "timeout\n".into(),
    }
}
