//! The port, or Unix domain socket path, that a server listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::socket::Socket;

/// Connections the system may hold ready for us, as in Node.js.
const BACKLOG: i32 = 511;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A TCP port; without a host on all addresses of both families, or of IPv4 alone where there is no IPv6.
    Port {
        /// A name or an address.
        host: Option<String>,
        /// 0 for any free one.
        port: u16,
    },
    /// A Unix domain socket.
    Path(String),
}

/// Why a server can't listen, with what Node.js puts on such an error.
#[derive(Debug)]
pub struct ListenError {
    /// What the system said.
    pub error: io::Error,
    /// The address, or path, that was asked for.
    pub address: String,
    /// The port that was asked for; none with a path.
    pub port: Option<u16>,
}

impl ListenError {
    /// What keeps a server from listening there, whatever it is.
    pub fn of(endpoint: &Endpoint, error: io::Error) -> Self {
        match endpoint {
            Endpoint::Path(path) => Self { error, address: path.clone(), port: None },
            Endpoint::Port { host, port } => {
                Self { error, address: host.clone().unwrap_or_else(|| "::".into()), port: Some(*port) }
            }
        }
    }
}

/// A listening socket that no runtime knows yet, so that a server can bind before its I/O thread exists.
#[derive(Debug)]
pub enum Bound {
    /// TCP.
    Tcp(std::net::TcpListener, SocketAddr),
    /// A Unix domain socket and its path.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, String),
}

impl Bound {
    /// Binds and listens. `share` lets other processes that say so listen on the same port, each with its part of the connections.
    ///
    /// # Errors
    /// When the name can't be resolved or the system refuses.
    pub fn new(endpoint: &Endpoint, share: bool) -> Result<Self, ListenError> {
        match endpoint {
            Endpoint::Path(path) => Self::path(path),
            Endpoint::Port { host: None, port } => {
                let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port));
                match tcp(any, share) {
                    Err(failed) if no_ipv6(&failed.error) => {
                        tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, *port)), share)
                    }
                    bound => bound,
                }
            }
            Endpoint::Port { host: Some(host), port } => tcp(resolve(host, *port)?, share),
        }
    }

    #[cfg(unix)]
    fn path(path: &str) -> Result<Self, ListenError> {
        let failed = |error| ListenError { error, address: path.into(), port: None };
        let listener = std::os::unix::net::UnixListener::bind(path).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        Ok(Self::Unix(listener, path.into()))
    }

    #[cfg(not(unix))]
    fn path(path: &str) -> Result<Self, ListenError> {
        Err(ListenError { error: io::ErrorKind::Unsupported.into(), address: path.into(), port: None })
    }

    /// Hands the socket to the runtime of the calling task.
    ///
    /// # Errors
    /// When the runtime can't watch it.
    pub fn into_listener(self) -> io::Result<Listener> {
        match self {
            Self::Tcp(listener, _) => Ok(Listener::Tcp(TcpListener::from_std(listener)?)),
            #[cfg(unix)]
            Self::Unix(listener, path) => Ok(Listener::Unix(UnixListener::from_std(listener)?, path)),
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix domain socket and its path.
    #[cfg(unix)]
    Unix(UnixListener, String),
}

impl Listener {
    /// The next connection, and who it is; no address over a Unix domain socket.
    ///
    /// # Errors
    /// When the system has no descriptor or memory left; later calls may succeed.
    pub async fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Replies are written whole: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                Ok((Socket::Tcp(stream), Some(peer)))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok((Socket::Unix(listener.accept().await?.0), None)),
        }
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // As Node.js does: a path that was listened on is free again afterwards.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn tcp(address: SocketAddr, share: bool) -> Result<Bound, ListenError> {
    let listen = || {
        let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        // On Windows the option would let another process take the port over.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        // Only Linux shares connections out; lib/cluster.js lets nobody ask for it elsewhere.
        #[cfg(target_os = "linux")]
        socket.set_reuse_port(share)?;
        #[cfg(not(target_os = "linux"))]
        debug_assert!(!share);
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let listener = std::net::TcpListener::from(socket);
        let local = listener.local_addr()?;
        Ok(Bound::Tcp(listener, local))
    };
    listen().map_err(|error| ListenError { error, address: address.ip().to_string(), port: Some(address.port()) })
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, ListenError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(SocketAddr::from((ip, port)));
    }
    let failed = |error| ListenError { error, address: host.into(), port: Some(port) };
    let mut found = (host, port).to_socket_addrs().map_err(failed)?;
    found.next().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::AddrNotAvailable)
        || matches!(error.raw_os_error(), Some(97 | 10047))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_free_port_of_both_families_then_in_use() {
        let Ok(Bound::Tcp(_listener, address)) = Bound::new(&Endpoint::Port { host: None, port: 0 }, false) else {
            panic!("no listener");
        };
        let taken = Bound::new(&Endpoint::Port { host: None, port: address.port() }, false).unwrap_err();
        assert_eq!(taken.error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(taken.port, Some(address.port()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_shared_port_is_shared_with_those_alone_who_say_so() {
        let endpoint = |port| Endpoint::Port { host: Some("127.0.0.1".into()), port };
        let Ok(Bound::Tcp(_listener, address)) = Bound::new(&endpoint(0), true) else { panic!("no listener") };
        assert!(Bound::new(&endpoint(address.port()), true).is_ok());
        let refused = Bound::new(&endpoint(address.port()), false).unwrap_err();
        assert_eq!(refused.error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_host_is_an_address_or_a_name() {
        for host in ["127.0.0.1", "localhost"] {
            let Ok(Bound::Tcp(_, address)) = Bound::new(&Endpoint::Port { host: Some(host.into()), port: 0 }, false)
            else {
                panic!("{host}");
            };
            assert!(address.ip().is_loopback());
        }
    }
}
