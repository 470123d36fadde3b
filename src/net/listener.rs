//! The port, or Unix domain socket path, that a server listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
#[cfg(unix)]
use std::os::{
    fd::OwnedFd,
    unix::net::{UnixListener, UnixStream},
};

use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::net::TcpListener;
#[cfg(unix)]
use {
    socket2::SockRef,
    tokio::io::{Interest, unix::AsyncFd},
};

use super::socket::Socket;

/// Connections the system may hold ready for us, as in Node.js.
const BACKLOG: i32 = 511;

/// What the system says where it has no IPv6: `EAFNOSUPPORT`, on Windows `WSAEAFNOSUPPORT`. Rust has no [`io::ErrorKind`] for it.
const ADDRESS_FAMILY_UNSUPPORTED: i32 = if cfg!(windows) {
    10047
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    97
} else {
    // macOS and the BSDs.
    47
};

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

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP, and its address.
    Tcp(TcpListener, SocketAddr),
    /// A Unix domain socket behind its path, which is to be gone first.
    #[cfg(unix)]
    Unix(SocketPath, AsyncFd<UnixListener>),
}

impl Listener {
    /// Binds, listens, and lets the runtime in whose context it is called watch the socket. `share` lets other processes that say so listen on
    /// the same port, each with its part of the connections.
    ///
    /// # Errors
    /// When the name can't be resolved, the system refuses, or the runtime can't watch the socket.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn bind(endpoint: &Endpoint, share: bool) -> Result<Self, ListenError> {
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
        let listener = UnixListener::bind(path).map_err(failed)?;
        let path = SocketPath(path.into());
        listener.set_nonblocking(true).map_err(failed)?;
        // What is to be called in its stead is unsafe, for the sake of types that do not keep their descriptor open.
        #[allow(deprecated)]
        let watched = AsyncFd::with_interest(listener, Interest::READABLE);
        Ok(Self::Unix(path, watched.map_err(failed)?))
    }

    #[cfg(not(unix))]
    fn path(path: &str) -> Result<Self, ListenError> {
        Err(ListenError { error: io::ErrorKind::Unsupported.into(), address: path.into(), port: None })
    }

    /// The next connection, and who it is; no address over a Unix domain socket.
    ///
    /// # Errors
    /// When the system has no descriptor or memory left, or where it [`concerns_one_connection`]; later calls may succeed.
    pub async fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                // Replies are written whole: waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                Ok((Socket::Tcp(stream), Some(peer)))
            }
            #[cfg(unix)]
            Self::Unix(_, listener) => {
                let stream = listener.async_io(Interest::READABLE, accept_unix).await?;
                Ok((Socket::Unix(tokio::net::UnixStream::from_std(stream)?), None))
            }
        }
    }
}

/// The next connection, whatever address its client has. Linux takes a path that fills all of its `sockaddr_un`, and counts a zero byte behind it:
/// Tokio's own `accept` panics then.
#[cfg(unix)]
fn accept_unix(listener: &UnixListener) -> io::Result<UnixStream> {
    let (socket, _unread) = SockRef::from(listener).accept()?;
    socket.set_nonblocking(true)?;
    Ok(OwnedFd::from(socket).into())
}

/// Whether accepting failed because of the one connection that was to be accepted, and the next may succeed at once. Linux hands over those that
/// were reset before, and leaves it to who reads them to find out; others tell of it here, macOS with EINVAL, too.
pub fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, InvalidInput};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | InvalidInput)
}

/// A path that is listened on. As with Node.js it is free again afterwards.
#[cfg(unix)]
#[derive(Debug)]
pub struct SocketPath(String);

#[cfg(unix)]
impl SocketPath {
    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(unix)]
impl Drop for SocketPath {
    fn drop(&mut self) {
        // It may have been removed by others.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tcp(address: SocketAddr, share: bool) -> Result<Listener, ListenError> {
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
        Ok(Listener::Tcp(TcpListener::from_std(listener)?, local))
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
        || error.raw_os_error() == Some(ADDRESS_FAMILY_UNSUPPORTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn any_free_port_of_both_families_then_in_use() {
        let Ok(Listener::Tcp(_listener, address)) = Listener::bind(&Endpoint::Port { host: None, port: 0 }, false)
        else {
            panic!("no listener");
        };
        let taken = Listener::bind(&Endpoint::Port { host: None, port: address.port() }, false).unwrap_err();
        assert_eq!(taken.error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(taken.port, Some(address.port()));
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_shared_port_is_shared_with_those_alone_who_say_so() {
        let endpoint = |port| Endpoint::Port { host: Some("127.0.0.1".into()), port };
        let Ok(Listener::Tcp(_listener, address)) = Listener::bind(&endpoint(0), true) else { panic!("no listener") };
        assert!(Listener::bind(&endpoint(address.port()), true).is_ok());
        let refused = Listener::bind(&endpoint(address.port()), false).unwrap_err();
        assert_eq!(refused.error.kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn a_host_is_an_address_or_a_name() {
        for host in ["127.0.0.1", "localhost"] {
            let Ok(Listener::Tcp(_, address)) =
                Listener::bind(&Endpoint::Port { host: Some(host.into()), port: 0 }, false)
            else {
                panic!("{host}");
            };
            assert!(address.ip().is_loopback());
        }
    }

    #[test]
    fn one_connection_is_told_from_all_of_them() {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, InvalidInput, OutOfMemory, WouldBlock};
        for kind in [ConnectionAborted, ConnectionReset, InvalidInput] {
            assert!(concerns_one_connection(&kind.into()), "{kind}");
        }
        for kind in [OutOfMemory, WouldBlock] {
            assert!(!concerns_one_connection(&kind.into()), "{kind}");
        }
        // ECONNABORTED, EMFILE and ENFILE.
        #[cfg(target_os = "linux")]
        for (number, one) in [(103, true), (24, false), (23, false)] {
            assert_eq!(concerns_one_connection(&io::Error::from_raw_os_error(number)), one, "{number}");
        }
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_path_is_free_again_afterwards() {
        let path = free_path("afterwards");
        let endpoint = Endpoint::Path(path.clone());
        let listener = Listener::bind(&endpoint, false).expect("a free path");
        assert_eq!(Listener::bind(&endpoint, false).unwrap_err().error.kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        assert!(!std::fs::exists(path).expect("an answer"));
    }

    #[test]
    #[cfg(unix)]
    fn a_socket_that_can_not_be_watched_is_an_error_and_leaves_nothing() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let handle = runtime.handle().clone();
        // One that has ended watches nothing more.
        drop(runtime);
        let _entered = handle.enter();
        let path = free_path("unwatched");
        assert!(Listener::bind(&Endpoint::Path(path.clone()), false).is_err());
        assert!(!std::fs::exists(path).expect("an answer"));
        let any = Endpoint::Port { host: None, port: 0 };
        assert!(Listener::bind(&any, false).is_err());
    }

    #[cfg(unix)]
    fn free_path(name: &str) -> String {
        std::env::temp_dir().join(format!("cryo-{}-{name}", std::process::id())).to_string_lossy().into_owned()
    }
}
