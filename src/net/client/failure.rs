//! Why there is no connection to another server.

use std::io;
use std::net::SocketAddr;

use tokio_rustls::rustls;

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The system has no connection, or lost it.
    Unreachable {
        /// What failed, as Node.js names it: `connect`, `read` or `getaddrinfo`.
        syscall: &'static str,
        /// The error's name on Unix, such as `ECONNREFUSED`.
        code: &'static str,
        /// Where to, if there was an address.
        address: Option<SocketAddr>,
        /// What the system said.
        message: String,
    },
    /// There is no TLS with this server, or no trust in its certificate.
    Tls(String),
    /// It answered, but did not upgrade.
    Refused {
        /// The HTTP status, if the answer was HTTP.
        status: Option<u16>,
        /// The reason phrase, or what was strange about the answer.
        reason: String,
        /// The start of the answer's body.
        body: String,
    },
    /// It took too long.
    Timeout,
}

impl Failure {
    /// There is nothing to connect to.
    pub(super) fn no_address() -> Self {
        let message = "the name has no usable address".into();
        Self::Unreachable { syscall: "getaddrinfo", code: "ENOTFOUND", address: None, message }
    }

    /// There is no connection.
    pub(super) fn connect(address: SocketAddr, error: io::Error) -> Self {
        Self::unreachable("connect", address, &error)
    }

    /// The connection was lost.
    pub(super) fn read(address: SocketAddr, error: io::Error) -> Self {
        Self::unreachable("read", address, &error)
    }

    /// The other end closed without an answer, which Node.js calls a reset too.
    pub(super) fn hung_up(address: SocketAddr) -> Self {
        Self::read(address, io::Error::new(io::ErrorKind::ConnectionReset, "socket hang up"))
    }

    /// The TLS handshake failed: by what rustls says, or by the connection's end.
    pub(super) fn secure(address: SocketAddr, error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => Self::Tls(error.to_string()),
            None => Self::read(address, error),
        }
    }

    /// It answered with something that a WebSocket server does not say.
    pub(super) fn strange(status: Option<u16>, why: &str) -> Self {
        Self::Refused { status, reason: why.to_owned(), body: String::new() }
    }

    fn unreachable(syscall: &'static str, address: SocketAddr, error: &io::Error) -> Self {
        Self::Unreachable { syscall, code: code(error), address: Some(address), message: error.to_string() }
    }
}

/// The name that Node.js would give the error.
fn code(error: &io::Error) -> &'static str {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => "ECONNRESET",
        ErrorKind::ConnectionAborted => "ECONNABORTED",
        ErrorKind::BrokenPipe => "EPIPE",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::NetworkDown => "ENETDOWN",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::InvalidInput => "EINVAL",
        _ => "EIO",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_in_a_tls_handshake_is_no_matter_of_trust() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let eof = io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof");
        assert!(matches!(
            Failure::secure(address, eof),
            Failure::Unreachable { code: "ECONNRESET", syscall: "read", .. }
        ));
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::new(io::ErrorKind::InvalidData, untrusted);
        assert!(matches!(Failure::secure(address, error), Failure::Tls(why) if why.contains("UnknownIssuer")));
    }
}
