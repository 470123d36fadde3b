//! Who wants in: the bearer token and the session id in the query of an upgrade request (docs/protocol.md, "Upgrade").

use std::net::Ipv6Addr;

use super::Refusal;
use super::bigint::{is_white_space, parse_u64};

/// What a client shows of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// For the validator to judge. May be empty.
    pub token: String,
    /// Chosen by the client; names the session.
    pub sid: u64,
}

/// Without the token: what is formatted may end up in a log.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("sid", &self.sid).finish_non_exhaustive()
    }
}

/// Reads the credentials from a request target, in origin form or absolute form (RFC 9112 section 3.2).
///
/// # Errors
/// 400 if the target is no URL; then in this order 401 for no `authorization`, for one that is not `Bearer` and white
/// space, for no `x-cryo-sid`; and 400 for a sid that is no unsigned integer of 64 bits. As in `URLSearchParams`, `+` is
/// a space and the first of several values counts. An empty one is none, although `BigInt("")` is 0: a client that has no
/// id to give would share a session's with all the others.
pub fn credentials(target: &str) -> Result<Credentials, Refusal> {
    let query = query(target).ok_or_else(|| Refusal::bad_target(target))?;
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then_some(value)).filter(|value| !value.is_empty())
    };
    let authorization = parameter("authorization").ok_or_else(Refusal::no_auth)?;
    let token = bearer(&authorization).ok_or_else(Refusal::not_bearer)?;
    let sid = parameter("x-cryo-sid").ok_or_else(Refusal::no_sid)?;
    let sid = parse_u64(&sid).ok_or_else(|| Refusal::bad_sid(&sid))?;
    Ok(Credentials { token: token.to_owned(), sid })
}

/// What follows `Bearer` and one character of white space.
fn bearer(authorization: &str) -> Option<&str> {
    authorization.strip_prefix("Bearer")?.strip_prefix(is_white_space)
}

/// The query of a request target, empty if there is none; `None` if the target is no URL.
fn query(target: &str) -> Option<&str> {
    if !target.starts_with('/') && !is_absolute(target) {
        return None;
    }
    // A fragment has no place in a target, but a URL parser takes it off.
    let (url, _fragment) = target.split_once('#').unwrap_or((target, ""));
    Some(url.split_once('?').map_or("", |(_, query)| query))
}

/// Whether the target is an absolute URL of a scheme that can lead here, with a host, and a port if any that is one.
fn is_absolute(target: &str) -> bool {
    let Some((scheme, rest)) = target.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let (_user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match host_and_port.rsplit_once(':') {
        // Otherwise this is a colon of an IPv6 address.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_and_port, ""),
    };
    let is_port = port.is_empty() || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) && is_host(host) && is_port
}

/// Whether this can be a URL's host: an IPv6 address in brackets, or what has none of the characters that no host has (WHATWG URL, "forbidden host
/// code point").
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && !host.contains(|c: char| c.is_ascii_control() || " :<>[]^|".contains(c)),
    }
}
