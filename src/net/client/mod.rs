//! This end as the client of another Cryo server: from a host name's addresses to an upgraded connection (RFC 6455 section 4.1;
//! docs/protocol.md, "Upgrade").
//!
//! | module | holds |
//! |---|---|
//! | [`destination`] | where to connect to, and the request that is sent there |
//! | [`upgrade_response`] | what the other server said to it, without I/O |
//! | [`trust`] | which certificates are believed |
//! | [`failure`] | why there is no connection |

pub mod destination;
pub mod failure;
pub mod trust;
pub mod upgrade_response;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsConnector, TlsStream};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::socket::Socket;
use super::stream::Stream;
use destination::Destination;
use failure::Failure;
use upgrade_response::UpgradeResponse;

/// How long an address may take while there are others to try.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Bytes read at a time during the handshake.
const PORTION: usize = 2048;

/// How much of the text of a refusal is kept, in bytes.
const MAX_REASON: usize = 4096;

/// How long the text of a refusal may take.
const REASON_PATIENCE: Duration = Duration::from_secs(1);

/// A connection that speaks WebSocket from here on.
#[derive(Debug)]
pub struct Upgraded {
    /// The connection.
    pub stream: Stream,
    /// The address it leads to.
    pub address: SocketAddr,
    /// What came behind the answer in the same read.
    pub early: Vec<u8>,
}

/// Connects to the first of `addresses` that answers, and upgrades. The caller bounds the time.
///
/// # Errors
/// When there is no connection, no trust in it, or no upgrade.
pub async fn connect(
    destination: &Destination,
    addresses: &[SocketAddr],
    tls: Option<Arc<ClientConfig>>,
    target: &str,
) -> Result<Upgraded, Failure> {
    let (socket, address) = dial(addresses).await?;
    let mut stream = match tls {
        None => Stream::Plain(socket),
        Some(config) => Stream::Tls(Box::new(secure(config, &destination.host, socket, address).await?)),
    };
    let early = upgrade(&mut stream, destination, target, address).await?;
    Ok(Upgraded { stream, address, early })
}

async fn dial(addresses: &[SocketAddr]) -> Result<(Socket, SocketAddr), Failure> {
    let mut last = Failure::no_address();
    for (index, &address) in addresses.iter().enumerate() {
        let connecting = TcpStream::connect(address);
        let result = if index + 1 == addresses.len() {
            connecting.await
        } else {
            // An address that swallows packets must not use up the time of those behind it.
            timeout(ATTEMPT, connecting).await.unwrap_or_else(|late| Err(late.into()))
        };
        match result {
            Ok(stream) => {
                // Frames are written whole: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return Ok((Socket::Tcp(stream), address));
            }
            Err(error) => last = Failure::connect(address, error),
        }
    }
    Err(last)
}

async fn secure(
    config: Arc<ClientConfig>,
    host: &str,
    socket: Socket,
    address: SocketAddr,
) -> Result<TlsStream<Socket>, Failure> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| Failure::Tls(error.to_string()))?;
    match TlsConnector::from(config).connect(name, socket).await {
        Ok(stream) => Ok(stream.into()),
        Err(error) => Err(Failure::secure(address, error)),
    }
}

/// Sends the request and reads the response; what came behind a 101.
async fn upgrade(
    stream: &mut Stream,
    destination: &Destination,
    target: &str,
    address: SocketAddr,
) -> Result<Vec<u8>, Failure> {
    let broken = |error| Failure::read(address, error);
    let key = generate_key();
    stream.write_all(destination.request(target, &key).as_bytes()).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut buffer = Vec::new();
    loop {
        buffer.reserve(PORTION);
        if stream.read_buf(&mut buffer).await.map_err(broken)? == 0 {
            return Err(Failure::hung_up(address));
        }
        let Some((response, length)) = upgrade_response::parse(&buffer, &key)? else { continue };
        buffer.drain(..length);
        return match response {
            UpgradeResponse::Accepted => Ok(buffer),
            UpgradeResponse::Refused { status, reason, length } => {
                let length = length.unwrap_or(MAX_REASON).min(MAX_REASON);
                // What does not come in time, or at all, is not worth another error.
                let _ = timeout(REASON_PATIENCE, read_up_to(stream, &mut buffer, length)).await;
                buffer.truncate(length);
                let body = String::from_utf8_lossy(&buffer).into_owned();
                Err(Failure::Refused { status: Some(status), reason, body })
            }
        };
    }
}

async fn read_up_to(stream: &mut Stream, buffer: &mut Vec<u8>, length: usize) -> std::io::Result<()> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            break;
        }
    }
    Ok(())
}
