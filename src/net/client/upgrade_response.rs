//! The other server's response to an upgrade request (RFC 6455 section 4.1, the client's checks), without I/O.

use httparse::{EMPTY_HEADER, Header, Response, Status};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::failure::Failure;
use crate::net::handshake::{MAX_HEAD, MAX_HEADERS};

/// A well-formed response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeResponse {
    /// WebSocket follows.
    Accepted,
    /// Anything but a 101.
    Refused {
        /// The HTTP status code.
        status: u16,
        /// The reason phrase of the status line.
        reason: String,
        /// `Content-Length`, in bytes, if there is any.
        length: Option<usize>,
    },
}

/// Parses the head at the start of `bytes`: the response and the head's length in bytes, or `None` while it is incomplete. `key` is what the
/// request sent as `Sec-WebSocket-Key`.
///
/// # Errors
/// For what is no HTTP, a head over [`MAX_HEAD`], and a 101 to something else than was asked for.
pub fn parse(bytes: &[u8], key: &str) -> Result<Option<(UpgradeResponse, usize)>, Failure> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut response = Response::new(&mut headers);
    let seen = bytes.get(..MAX_HEAD).unwrap_or(bytes);
    let length = match response.parse(seen) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if seen.len() < MAX_HEAD => return Ok(None),
        Ok(Status::Partial) => return Err(Failure::strange(None, "the head of its response is too long")),
        Err(error) => return Err(Failure::strange(None, &format!("its response is not HTTP: {error}"))),
    };
    let status = response.code.unwrap_or_default();
    let upgraded = if status == 101 {
        check(response.headers, key).map_err(|why| Failure::strange(Some(status), why))?;
        UpgradeResponse::Accepted
    } else {
        let length = values(response.headers, "content-length").next().and_then(|length| length.parse().ok());
        UpgradeResponse::Refused { status, reason: response.reason.unwrap_or_default().to_owned(), length }
    };
    Ok(Some((upgraded, length)))
}

/// What is wrong with a 101, if anything.
fn check(headers: &[Header<'_>], key: &str) -> Result<(), &'static str> {
    let names = |name, token: &str| {
        values(headers, name).flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    if !names("upgrade", "websocket") || !names("connection", "upgrade") {
        return Err("its 101 response does not switch to WebSocket");
    }
    let mut accepts = values(headers, "sec-websocket-accept");
    if accepts.next() != Some(derive_accept_key(key.as_bytes()).as_str()) || accepts.next().is_some() {
        return Err("its Sec-WebSocket-Accept does not match the request");
    }
    if values(headers, "sec-websocket-extensions").next().is_some() {
        return Err("it uses a WebSocket extension that was not offered");
    }
    if values(headers, "sec-websocket-protocol").next().is_some() {
        return Err("it uses a WebSocket subprotocol that was not offered");
    }
    Ok(())
}

/// All values of a header field, in order; one that is no UTF-8 counts as empty.
fn values<'h>(headers: &'h [Header<'_>], name: &str) -> impl Iterator<Item = &'h str> {
    let fields = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    fields.map(|header| str::from_utf8(header.value).unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6455 section 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn switching(more: &str) -> String {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n{more}\r\n"
        )
    }

    fn failure(text: &str) -> String {
        match parse(text.as_bytes(), KEY) {
            Err(Failure::Refused { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_101_is_accepted_wherever_it_was_cut_and_what_follows_is_left() {
        let head = switching(&format!("Sec-WebSocket-Accept: {ACCEPT}\r\n"));
        let bytes = [head.as_bytes(), &[0x82, 0x00]].concat();
        for end in 0..head.len() {
            assert_eq!(parse(&bytes[..end], KEY), Ok(None), "{end}");
        }
        assert_eq!(parse(&bytes, KEY), Ok(Some((UpgradeResponse::Accepted, head.len()))));
    }

    #[test]
    fn a_server_of_ours_is_understood() {
        let ours = crate::net::handshake::accepted(KEY);
        assert_eq!(parse(&ours, KEY), Ok(Some((UpgradeResponse::Accepted, ours.len()))));
    }

    #[test]
    fn a_101_that_was_not_asked_for_is_none() {
        let accept = format!("Sec-WebSocket-Accept: {ACCEPT}\r\n");
        assert!(failure(&switching("")).contains("Sec-WebSocket-Accept"));
        assert!(failure(&switching("Sec-WebSocket-Accept: AAAA\r\n")).contains("Sec-WebSocket-Accept"));
        assert!(failure(&switching(&format!("{accept}{accept}"))).contains("Sec-WebSocket-Accept"));
        let extension = format!("{accept}Sec-WebSocket-Extensions: permessage-deflate\r\n");
        assert!(failure(&switching(&extension)).contains("extension"));
        assert!(failure(&switching(&format!("{accept}Sec-WebSocket-Protocol: x\r\n"))).contains("subprotocol"));
        let other = format!("HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n{accept}\r\n");
        assert!(failure(&other).contains("WebSocket"));
    }

    #[test]
    fn a_refusal_has_its_status_its_reason_and_the_length_of_its_text() {
        let text = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!";
        let refused = |status, reason: &str, length| UpgradeResponse::Refused { status, reason: reason.into(), length };
        assert_eq!(parse(text.as_bytes(), KEY), Ok(Some((refused(401, "Unauthorized", Some(3)), text.len() - 3))));
        let bare = b"HTTP/1.1 200\r\nContent-Length: -1\r\n\r\n";
        assert_eq!(parse(bare, KEY), Ok(Some((refused(200, "", None), bare.len()))));
    }

    #[test]
    fn no_http_and_heads_without_end_are_refused() {
        assert!(failure("SSH-2.0-OpenSSH_9.6\r\n").contains("not HTTP"));
        let endless = format!("HTTP/1.1 101 Switching Protocols\r\nX: {}", "x".repeat(MAX_HEAD));
        assert!(failure(&endless).contains("too long"));
    }
}
