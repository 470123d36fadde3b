//! Why a request is not let in: every case there is, with its status and its words.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::http::StatusCode;

/// One refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: StatusCode,
    reason: Cow<'static, str>,
    outcome: &'static str,
    /// Header lines of this status alone, each with its line end.
    pub(super) headers: &'static str,
    /// It answers a request of the method HEAD.
    pub(super) bodiless: bool,
}

impl Refusal {
    const fn new(status: StatusCode, outcome: &'static str, reason: &'static str) -> Self {
        Self { status, reason: Cow::Borrowed(reason), outcome, headers: "", bodiless: false }
    }

    fn naming(status: StatusCode, outcome: &'static str, reason: String) -> Self {
        Self { status, reason: Cow::Owned(reason), outcome, headers: "", bodiless: false }
    }

    /// As an answer to a request of this method.
    pub fn answering(self, method: &str) -> Self {
        Self { bodiless: method == "HEAD", ..self }
    }

    /// 401: the query has no `authorization`.
    pub fn no_auth() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_auth", "No auth data supplied.")
    }

    /// 401: `authorization` is not `Bearer` and white space.
    pub fn not_bearer() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_bearer", "Incorrect type of auth data supplied.")
    }

    /// 401: the query has no `x-cryo-sid`.
    pub fn no_sid() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_sid", "No SID supplied.")
    }

    /// 400: `x-cryo-sid` is no unsigned integer of 64 bits.
    pub fn bad_sid(value: &str) -> Self {
        let reason = format!("The SID {} is not an integer from 0 to {}.", quote(value), u64::MAX);
        Self::naming(StatusCode::BAD_REQUEST, "bad_sid", reason)
    }

    /// 401: a session with this sid lives, or is being let in.
    pub fn sid_in_use() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sid_in_use", "The session already exists.")
    }

    /// 401: the validator said no.
    pub fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid bearer token in authorization query.")
    }

    /// 503: the validator threw or rejected, so that nobody knows whether the token is good.
    pub fn validator_failed() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "validator_failed",
            "The token could not be checked. Try again later.",
        )
    }

    /// 408: the whole handshake, the validator's time included, took longer than its deadline.
    pub fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The handshake took too long.")
    }

    /// 503: the cap on handshakes under way is reached.
    pub fn too_many_handshakes() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_handshakes",
            "Too many handshakes are under way. Try again later.",
        )
    }

    /// 503: the cap on connections in all is reached.
    pub fn too_many_connections() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", "Too many connections. Try again later.")
    }

    /// 429: the cap on connections from one address is reached.
    pub fn too_many_from_address() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_from_address", "Too many connections from this address.")
    }

    /// 403: the application does not accept the request's `Origin`.
    pub fn origin_refused() -> Self {
        Self::new(StatusCode::FORBIDDEN, "origin_refused", "This origin is not allowed.")
    }

    /// 503: the server takes no new sessions any more.
    pub fn shutting_down() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "The server is shutting down.")
    }

    /// 426: a request that is no upgrade, and nobody here to answer it (RFC 9110 section 15.5.22).
    pub fn upgrade_required() -> Self {
        let headers = "Upgrade: websocket\r\n";
        Self {
            headers,
            ..Self::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This server speaks WebSocket only.")
        }
    }

    /// 426: another version of WebSocket (RFC 6455 section 4.4).
    pub fn websocket_version() -> Self {
        let headers = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        Self {
            headers,
            ..Self::new(StatusCode::UPGRADE_REQUIRED, "websocket_version", "The WebSocket version must be 13.")
        }
    }

    /// 405: an upgrade by another method than GET.
    pub fn method_not_allowed(method: &str) -> Self {
        let reason = format!("The method must be GET, not {}.", quote(method));
        Self { headers: "Allow: GET\r\n", ..Self::naming(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", reason) }
    }

    /// 400: an upgrade in HTTP/1.0.
    pub fn http_version() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "http_version", "WebSocket needs HTTP/1.1.")
    }

    /// 400: `Sec-WebSocket-Key` is missing, there twice, or not 16 bytes in Base64.
    pub fn bad_key() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_key", "Missing or invalid Sec-WebSocket-Key header.")
    }

    /// 400: the request target is no URL.
    pub fn bad_target(target: &str) -> Self {
        Self::naming(
            StatusCode::BAD_REQUEST,
            "bad_target",
            format!("The request target {} is not a URL.", quote(target)),
        )
    }

    /// 400: this is not HTTP/1.
    pub(super) fn malformed(error: httparse::Error) -> Self {
        Self::naming(StatusCode::BAD_REQUEST, "malformed", format!("Malformed request: {error}."))
    }

    /// 431: the head is over a limit of [`parse`](super::parse).
    pub fn head_too_large() -> Self {
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The request head is too large.")
    }

    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The reason in plain text.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// A short, stable label for metrics: one for each way to be refused, without anything that came from outside.
    pub fn outcome(&self) -> &'static str {
        self.outcome
    }
}

/// Something from outside, in quotes, with control characters escaped, and of bounded length.
fn quote(value: &str) -> String {
    const MAX_CHARS: usize = 64;
    let shown: String = value.chars().take(MAX_CHARS).collect();
    let cut = if shown.len() < value.len() { "…" } else { "" };
    format!("\"{}{cut}\"", shown.escape_debug())
}
