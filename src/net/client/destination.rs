//! Another server's URL in its parts, and the upgrade request that is sent there.

use form_urlencoded::byte_serialize;

/// Where to connect to, taken from a `ws:` or `wss:` URL that has been parsed already: all of it is ASCII without white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    /// Host and port as the `Host` header has them.
    pub authority: String,
    /// Path and query of the URL.
    pub path: String,
}

impl Destination {
    /// The request target for a session: the URL's own query with the credentials appended (docs/protocol.md, "Upgrade").
    pub fn target(&self, token: &str, sid: u64) -> String {
        let separator = match self.path.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        let token: String = byte_serialize(token.as_bytes()).collect();
        format!("{}{separator}authorization=Bearer%20{token}&x-cryo-sid={sid}", self.path)
    }

    /// The upgrade request (RFC 6455 section 4.1); no subprotocol and no extension is offered.
    pub fn request(&self, target: &str, key: &str) -> String {
        format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\n\r\n",
            self.authority
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::handshake::{self, Credentials, Kind};

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn destination(path: &str) -> Destination {
        Destination { host: "example.com".into(), authority: "example.com:81".into(), path: path.into() }
    }

    #[test]
    fn the_credentials_follow_the_urls_own_query() {
        for (path, expected) in [
            ("/", "/?authorization=Bearer%20t&x-cryo-sid=7"),
            ("/a/b?", "/a/b?authorization=Bearer%20t&x-cryo-sid=7"),
            ("/a?x=1&y=2", "/a?x=1&y=2&authorization=Bearer%20t&x-cryo-sid=7"),
        ] {
            assert_eq!(destination(path).target("t", 7), expected);
        }
    }

    #[test]
    fn any_token_arrives_as_it_is() {
        for token in ["", "a b+c&d=e#f?%20", "zwölf\r\nHost: evil", "\u{0}\u{1f980}"] {
            let target = destination("/").target(token, u64::MAX);
            let expected = Credentials { token: token.into(), sid: u64::MAX };
            assert!(handshake::credentials(&target).is_ok_and(|credentials| credentials == expected), "{target}");
        }
    }

    #[test]
    fn a_server_of_ours_takes_the_request() {
        let request = destination("/chat").request("/chat?q", KEY);
        let Ok(Some((head, length))) = handshake::parse(request.as_bytes()) else { panic!("{request}") };
        assert_eq!(length, request.len());
        assert_eq!((head.target.as_str(), head.header("host")), ("/chat?q", Some("example.com:81")));
        assert_eq!(handshake::classify(&head), Ok(Kind::WebSocket { key: KEY.into() }));
    }
}
