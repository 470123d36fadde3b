//! One non-blocking connection, with or without TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use socket2::{Domain, Protocol, Socket, Type};

use crate::stamped::Stamped;

/// A connection.
#[derive(Debug)]
pub struct Connection {
    socket: Stamped,
    tls: Option<Box<ClientConnection>>,
    /// How much of the writer's bytes the socket has taken.
    written: usize,
}

impl Connection {
    /// Connects, from the address `source` if there is one; on loopback that is done at once. With `stamps` the kernel tells when bytes arrived.
    pub fn open(
        addr: SocketAddr,
        source: Option<Ipv4Addr>,
        tls: Option<&Arc<ClientConfig>>,
        stamps: bool,
    ) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        if let Some(source) = source {
            // The port is chosen with the destination, among more of them.
            #[cfg(target_os = "linux")]
            nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::IpBindAddressNoPort, &true)?;
            socket.bind(&SocketAddr::from((source, 0)).into())?;
        }
        socket.connect(&addr.into()).with_context(|| format!("can't connect to {addr}"))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        let tls = match tls {
            Some(config) => {
                let mut tls = ClientConnection::new(config.clone(), ServerName::try_from("localhost")?)?;
                // What is written at once is bounded by the scenario.
                tls.set_buffer_limit(None);
                Some(Box::new(tls))
            }
            None => None,
        };
        Ok(Self { socket: Stamped::new(TcpStream::from_std(socket.into()), stamps)?, tls, written: 0 })
    }

    /// The socket, to be registered with a poll.
    pub fn socket(&mut self) -> &mut TcpStream {
        self.socket.stream()
    }

    /// When what was read last had arrived at the socket; `None` without stamps.
    pub fn arrived(&self) -> Option<Instant> {
        self.socket.arrived()
    }

    /// Reads what is there into `scratch`. `None` when nothing is; an error when the server is gone.
    pub fn read(&mut self, scratch: &mut [u8]) -> Result<Option<usize>> {
        let Some(tls) = &mut self.tls else { return take(self.socket.read(scratch)) };
        loop {
            if let Some(length) = take(tls.reader().read(scratch))? {
                return Ok(Some(length));
            }
            match tls.read_tls(&mut self.socket) {
                Ok(length) => ensure!(length > 0, "the server closed the connection"),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            tls.process_new_packets()?;
        }
    }

    /// Writes what the socket takes of `bytes`, and removes them when all is written. True when nothing is left.
    pub fn write(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(bytes)?;
            bytes.clear();
            while tls.wants_write() {
                match tls.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(error) if is_transient(&error) => return Ok(false),
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(true);
        }
        while let Some(rest @ [_, ..]) = bytes.get(self.written..) {
            match self.socket.write(rest) {
                Ok(length) => self.written += length,
                Err(error) if is_transient(&error) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        bytes.clear();
        self.written = 0;
        Ok(true)
    }
}

fn take(read: io::Result<usize>) -> Result<Option<usize>> {
    match read {
        Ok(0) => Err(anyhow::anyhow!("the server closed the connection")),
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected | ErrorKind::Interrupted)
}
