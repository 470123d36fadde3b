//! What a server was told to do, checked and complete.

use std::sync::Arc;
use std::time::Duration;

use crate::net::listener::Endpoint;
use crate::session::config::Config;

/// What happens to a client whose sid a live session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateSid {
    /// It is refused.
    Refuse,
    /// The older session is closed.
    Replace,
}

/// A server's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub endpoint: Endpoint,
    /// Time between two heartbeat rounds of a session.
    pub keep_alive: Duration,
    /// Time for a whole handshake, the validator included.
    pub handshake_timeout: Duration,
    /// Connections there may be; `usize::MAX` for any number.
    pub max_connections: usize,
    /// Connections there may be from one address; `usize::MAX` for any number.
    pub max_connections_per_address: usize,
    /// Handshakes that may be in progress at once, and connections on their way to Node.js.
    pub max_pending_handshakes: usize,
    /// How long a leaving session may take for what was sent before, and then for the peer's answer.
    pub close_timeout: Duration,
    /// What happens when a sid comes twice.
    pub duplicate_sid: DuplicateSid,
    /// What sessions share.
    pub session: Arc<Config>,
}

impl Default for Settings {
    /// The package's defaults, on any free port.
    fn default() -> Self {
        Self {
            endpoint: Endpoint::Port { host: None, port: 0 },
            keep_alive: Duration::from_secs(15),
            handshake_timeout: Duration::from_secs(10),
            max_connections: usize::MAX,
            max_connections_per_address: usize::MAX,
            max_pending_handshakes: 1024,
            close_timeout: Duration::from_secs(2),
            duplicate_sid: DuplicateSid::Refuse,
            session: Arc::default(),
        }
    }
}
