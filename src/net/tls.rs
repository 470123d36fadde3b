//! TLS 1.2 and 1.3 by rustls: the server's certificate, and reading and writing an established connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{Connection, Error, ServerConfig, ServerConnection};
use webpki::EndEntityCert;

use super::socket::Socket;

/// How much plaintext is encrypted at a time, in bytes.
const PORTION: usize = 64 * 1024;

/// Why a key and a certificate can't be used.
#[derive(Debug)]
pub enum TlsError {
    /// `ssl.cert` is no PEM with at least one certificate.
    Certificate(String),
    /// `ssl.key` is no PEM with an unencrypted private key.
    Key(String),
    /// Each can be read, but they don't fit together, or their kind is not supported.
    Pair(String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(why) => write!(f, "ssl.cert holds no readable PEM certificate ({why})"),
            Self::Key(why) => write!(f, "ssl.key holds no readable, unencrypted PEM private key ({why})"),
            Self::Pair(why) => write!(f, "ssl.key and ssl.cert can't be used together ({why})"),
        }
    }
}

impl std::error::Error for TlsError {}

/// A server configuration from PEM texts; `cert` may be a chain, the server's own certificate first.
///
/// # Errors
/// When either is unreadable, its kind is not supported, or the two don't belong together, which can't be told of an X.509 v1 certificate.
pub fn server_config(key: &[u8], cert: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(cert)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("no certificate found".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
    let pair = |error: Error| TlsError::Pair(error.to_string());
    let certified = certified_key(chain, &key).map_err(pair)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Tickets that carry the session themselves: resumption costs the server no memory per client.
    config.ticketer = ring::Ticketer::new().map_err(pair)?;
    Ok(Arc::new(config))
}

/// As `ServerConfig::with_single_cert` makes it, but that the certificate may be one of X.509 v1, which webpki does not read, and a server
/// has no need to.
fn certified_key(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>) -> Result<CertifiedKey, Error> {
    let is_v1 = chain
        .first()
        .is_some_and(|own| matches!(EndEntityCert::try_from(own), Err(webpki::Error::UnsupportedCertVersion)));
    let certified = CertifiedKey::new(chain, ring::sign::any_supported_type(key)?);
    if !is_v1 {
        certified.keys_match()?;
    }
    Ok(certified)
}

/// What was agreed on with a client, each in a line: the server's name that it asked for, the application's protocol, the version of TLS, the
/// cipher suite, these two by their names in rustls. What there is none of is empty.
pub fn describe(tls: &ServerConnection) -> String {
    let name = tls.server_name().unwrap_or_default();
    let protocol = tls.alpn_protocol().map(String::from_utf8_lossy).unwrap_or_default();
    let version = tls.protocol_version().and_then(|version| version.as_str()).unwrap_or_default();
    let suite = tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
    format!("{name}\n{protocol}\n{version}\n{suite}")
}

/// Decrypts `input`, as it came from the socket, and appends the plaintext to `plain`. True when the peer has said that nothing more will come.
///
/// # Errors
/// When the peer broke the TLS protocol; an alert for it is then ready to be written.
pub fn decrypt(tls: &mut Connection, mut input: &[u8], plain: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        if !input.is_empty() {
            tls.read_tls(&mut input)?;
        }
        let state = tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let start = plain.len();
        plain.resize(start + state.plaintext_bytes_to_read(), 0);
        if let Some(space) = plain.get_mut(start..) {
            tls.reader().read_exact(space)?;
        }
        if input.is_empty() || state.peer_has_closed() {
            return Ok(state.peer_has_closed());
        }
    }
}

/// Writes what `tls` still holds, then encrypts and writes `plain`, until the socket takes no more; how much of `plain` is done with. Whatever
/// of that the socket has not taken stays in `tls`, at most `PORTION` and its overhead: see `wants_write` of `rustls::ConnectionCommon`.
///
/// # Errors
/// When the socket is dead.
pub fn write(tls: &mut ServerConnection, mut socket: &Socket, plain: &[u8]) -> io::Result<usize> {
    let mut done = 0;
    loop {
        while tls.wants_write() {
            match tls.write_tls(&mut socket) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(done),
                Err(error) => return Err(error),
            }
        }
        let rest = plain.get(done..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(done);
        }
        done += match tls.writer().write(rest.get(..PORTION).unwrap_or(rest))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => n,
        };
    }
}
