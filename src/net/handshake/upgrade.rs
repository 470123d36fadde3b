//! Telling an upgrade to WebSocket from other requests, and accepting it (RFC 6455 section 4.2).

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Refusal, RequestHead};

/// What a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Anything but WebSocket: `http_server` is to answer it.
    Plain,
    /// An upgrade to WebSocket.
    WebSocket {
        /// `Sec-WebSocket-Key`, as [`accepted`] needs it.
        key: String,
    },
}

/// Tells what a request wants.
///
/// # Errors
/// For an upgrade to WebSocket that breaks RFC 6455 section 4.2.1: 400 for HTTP/1.0 or a key that is not 16 bytes in
/// Base64, 405 for a method that is not GET, 426 for another version than 13.
pub fn classify(head: &RequestHead) -> Result<Kind, Refusal> {
    if !(head.has_token("connection", "upgrade") && head.has_token("upgrade", "websocket")) {
        return Ok(Kind::Plain);
    }
    if head.method != "GET" {
        return Err(Refusal::method_not_allowed(&head.method));
    }
    if head.minor_version < 1 {
        return Err(Refusal::http_version());
    }
    if head.header("sec-websocket-version") != Some("13") {
        return Err(Refusal::websocket_version());
    }
    let mut keys = head.values("sec-websocket-key");
    match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => Ok(Kind::WebSocket { key: key.to_owned() }),
        _ => Err(Refusal::bad_key()),
    }
}

/// Whether this is Base64 of 16 bytes.
fn is_key(key: &str) -> bool {
    key.strip_suffix("==").is_some_and(|digits| {
        digits.len() == 22 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    })
}

/// The answer that accepts an upgrade (RFC 6455 section 4.2.2). No subprotocol and no extension is ever agreed to.
pub fn accepted(key: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )
    .into_bytes()
}
