//! Reading the head of an HTTP/1 request: request line and header fields (RFC 9112 sections 3 and 5).

use httparse::{EMPTY_HEADER, Error, Request, Status};

use super::Refusal;

/// The longest head accepted, in bytes; Node.js has the same limit.
pub const MAX_HEAD: usize = 16 * 1024;

/// The most header fields accepted.
pub const MAX_HEADERS: usize = 100;

/// What may surround the members of a list (RFC 9110 section 5.6.3). `str::trim` knows more of it, which Node.js would not take for an upgrade.
const BLANK: [char; 2] = [' ', '\t'];

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// Case-sensitive, for instance `GET`.
    pub method: String,
    /// The request target as it came, for instance `/path?query`.
    pub target: String,
    /// 0 or 1: the minor version of HTTP/1.
    pub minor_version: u8,
    /// Names as they came, values read as Latin-1 like Node.js does, in order.
    pub headers: Vec<(String, String)>,
}

impl RequestHead {
    /// The first value of a header field; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values of a header field, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a header field that is a comma-separated list has this member; case does not matter.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(','))
            .any(|part| part.trim_matches(BLANK).eq_ignore_ascii_case(token))
    }
}

/// Parses the head at the start of `bytes`: the head and its length in bytes, or `None` while it is incomplete.
///
/// # Errors
/// 431 for a head over [`MAX_HEAD`] or [`MAX_HEADERS`], 400 for one that is malformed, as soon as that is certain.
pub fn parse(bytes: &[u8]) -> Result<Option<(RequestHead, usize)>, Refusal> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    let seen = bytes.get(..MAX_HEAD).unwrap_or(bytes);
    match request.parse(seen) {
        Ok(status) if seen.get(..length(status, seen)).is_some_and(has_bare_line_feed) => {
            Err(Refusal::malformed(Error::NewLine))
        }
        Ok(Status::Complete(len)) => {
            let headers = request.headers.iter();
            let head = RequestHead {
                method: request.method.unwrap_or_default().to_owned(),
                target: request.path.unwrap_or_default().to_owned(),
                minor_version: request.version.unwrap_or_default(),
                headers: headers.map(|header| (header.name.to_owned(), latin1(header.value))).collect(),
            };
            Ok(Some((head, len)))
        }
        Ok(Status::Partial) if seen.len() < MAX_HEAD => Ok(None),
        Ok(Status::Partial) | Err(Error::TooManyHeaders) => Err(Refusal::head_too_large()),
        Err(error) => Err(Refusal::malformed(error)),
    }
}

/// How many of these bytes are the head's.
fn length(status: Status<usize>, seen: &[u8]) -> usize {
    match status {
        Status::Complete(length) => length,
        Status::Partial => seen.len(),
    }
}

/// Whether a line of the head ends without CR. `httparse` takes that, but Node.js does not, and who is in front of this server may see fewer lines
/// than it does. Empty lines before the first one are skipped, as Node.js does.
fn has_bare_line_feed(head: &[u8]) -> bool {
    let begins = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let lines = begins.and_then(|begins| head.get(begins..)).unwrap_or_default();
    lines.windows(2).any(|pair| matches!(pair, [before, b'\n'] if *before != b'\r'))
}

fn latin1(value: &[u8]) -> String {
    value.iter().copied().map(char::from).collect()
}
