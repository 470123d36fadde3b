//! A session's socket while no runtime watches it, and the way there and back.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::{
    fd::{AsFd, BorrowedFd},
    unix::net::UnixStream,
};

use super::socket::{ReadHalf, Socket, WriteHalf, either};

/// A socket that no runtime watches. Any thread may read and write it, without ever waiting.
#[derive(Debug)]
pub enum Bare {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Bare {
    /// Reads what is there.
    ///
    /// # Errors
    /// `WouldBlock` when that is nothing.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(Self, self, stream => { let mut stream = stream; stream.read(buffer) })
    }

    /// Lets the runtime of the calling task watch it.
    ///
    /// # Errors
    /// When the system can't watch more. The socket is closed then.
    pub fn attach(self) -> io::Result<(ReadHalf, WriteHalf)> {
        let socket = match self {
            Self::Tcp(stream) => Socket::Tcp(tokio::net::TcpStream::from_std(stream)?),
            #[cfg(unix)]
            Self::Unix(stream) => Socket::Unix(tokio::net::UnixStream::from_std(stream)?),
        };
        Ok(socket.into_split())
    }

    /// Writes what the socket takes.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(Self, self, stream => { let mut stream = stream; stream.write(bytes) })
    }

    /// The same for several parts, as one.
    pub(super) fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(Self, self, stream => { let mut stream = stream; stream.write_vectored(parts) })
    }

    /// Tells the peer that nothing more comes.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        either!(Self, self, stream => stream.shutdown(Shutdown::Write))
    }
}

#[cfg(unix)]
impl AsFd for Bare {
    fn as_fd(&self) -> BorrowedFd<'_> {
        either!(Self, self, stream => stream.as_fd())
    }
}

impl ReadHalf {
    /// Joins the halves of a socket that the runtime is to watch no more.
    ///
    /// # Errors
    /// When the runtime does not let go of it, or the halves are not of one socket. It is closed then.
    pub fn detach(self, write: WriteHalf) -> io::Result<Bare> {
        match (self, write) {
            (Self::Tcp(read), WriteHalf::Tcp(write)) => {
                Ok(Bare::Tcp(read.reunite(write).map_err(io::Error::other)?.into_std()?))
            }
            #[cfg(unix)]
            (Self::Unix(read), WriteHalf::Unix(write)) => {
                Ok(Bare::Unix(read.reunite(write).map_err(io::Error::other)?.into_std()?))
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}
