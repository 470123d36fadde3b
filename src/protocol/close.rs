//! How sessions end: the WebSocket close codes of the protocol and the texts that go with them.

/// A WebSocket close code that a session ends with: those that the Cryo protocol assigns (docs/protocol.md, "Leaving"), and one of
/// WebSocket's own. All other codes are checked by the WebSocket layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The session ended as intended; [`CLOSING_SESSION`] unless there is a better reason.
    pub const NORMAL: Self = Self(4000);
    /// The client broke the protocol.
    pub const CLIENT_FAULT: Self = Self(4001);
    /// The server can't go on with this client.
    pub const SERVER_FAULT: Self = Self(4002);

    /// A payload over the session's limit (RFC 6455 section 7.4.1).
    pub const TOO_BIG: Self = Self(1009);

    /// The number that goes over the wire.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

/// The WebSocket's own code for an end as intended (RFC 6455 section 7.4.1), to answer a close frame that has none.
pub const WEBSOCKET_NORMAL: u16 = 1000;

/// What stands for a code where a connection ended without a close frame (RFC 6455 section 7.4.1). It never goes over the wire.
pub const WEBSOCKET_ABNORMAL: u16 = 1006;

/// The close reason that goes with [`CloseCode::NORMAL`].
pub const CLOSING_SESSION: &str = "Closing session.";

/// The reason of a BYE that gives none.
pub const DISCONNECT: &str = "disconnect";

/// The BYE reason of a server that is being shut down.
pub const SERVER_SHUTDOWN: &str = "Server shutdown.";

/// The close reason of a session whose client has come back on another connection.
pub const REPLACED: &str = "Replaced by a newer connection of the same session.";

/// The close reason, with [`CloseCode::SERVER_FAULT`], for a peer that does not read what must not be dropped.
pub const OUTBOX_OVERFLOW: &str = "Too much is queued for a peer that does not read.";

/// The BYE reason for a session that did not answer the last ping.
pub const HEARTBEAT_MISSED: &str = "Disconnecting session due to not responding to ping frames.";

/// The close reason, with [`CloseCode::SERVER_FAULT`], for a transaction frame of a peer that did
/// not announce [`FEATURE_TRANSACTIONS`](super::FEATURE_TRANSACTIONS).
pub const NO_TRANSACTION_FEATURE: &str =
    "PROTOCOL FEATURE MISMATCH - The connected client does not support features in the namespace 'Cryo.Transaction' !";

/// The close reason, with [`CloseCode::CLIENT_FAULT`], for a peer that announced a version other
/// than [`VERSION`](super::VERSION).
pub fn version_mismatch(offered: u32) -> String {
    let supported = super::VERSION;
    format!("Protocol mismatch. Client offered {offered}, we support {supported} !")
}

/// The longest WebSocket close reason in bytes: a control frame's payload is at most 125
/// (RFC 6455 section 5.5), 2 of which are the code (section 5.5.1).
pub const MAX_REASON_LEN: usize = 123;
