//! TCP and Unix domain streams behind one type: whole for the handshake, in halves for a session.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, tcp};
#[cfg(unix)]
use tokio::net::{UnixStream, unix};

use super::bare::Bare;

/// Calls the same method on whichever stream it is.
macro_rules! either {
    ($enum:ident, $self:expr, $stream:ident => $call:expr $(, $variant:ident($other:pat) => $otherwise:expr)?) => {
        match $self {
            $enum::Tcp($stream) => $call,
            #[cfg(unix)]
            $enum::Unix($stream) => $call,
            $($enum::$variant($other) => $otherwise,)?
        }
    };
}
pub(super) use either;

/// A connected stream socket.
#[derive(Debug)]
pub enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// This end's address; none over a Unix domain socket.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// Writes what the socket takes without waiting.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing now.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(Self, self, stream => stream.try_write(bytes))
    }

    /// The same for several parts, as one.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing now.
    pub fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(Self, self, stream => stream.try_write_vectored(parts))
    }

    /// Whether the socket takes bytes again.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Self, self, stream => stream.poll_write_ready(cx))
    }

    /// Tells the peer that nothing more comes.
    ///
    /// # Errors
    /// When the socket is dead.
    pub fn shutdown_write(&self) -> io::Result<()> {
        either!(Self, self, stream => SockRef::from(stream).shutdown(Shutdown::Write))
    }

    /// The half that one task reads and the half that any thread may write.
    pub fn into_split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(Self, self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(Self, self.get_mut(), stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Self, self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Self, self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

/// The reading half. Its `AsyncRead` saves the system call that would only say that nothing more is there.
#[derive(Debug)]
pub enum ReadHalf {
    /// Over TCP.
    Tcp(tcp::OwnedReadHalf),
    /// Over a Unix domain socket.
    #[cfg(unix)]
    Unix(unix::OwnedReadHalf),
}

impl ReadHalf {
    /// Reads what is there.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(Self, self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

/// The writing half, shared between the JavaScript thread and the I/O thread.
#[derive(Debug)]
pub enum WriteHalf {
    /// Over TCP.
    Tcp(tcp::OwnedWriteHalf),
    /// Over a Unix domain socket.
    #[cfg(unix)]
    Unix(unix::OwnedWriteHalf),
    /// The whole of it, while no runtime watches it.
    Bare(Arc<Bare>),
}

impl WriteHalf {
    /// Writes what the socket takes without waiting.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing now.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(Self, self, stream => stream.try_write(bytes), Bare(socket) => socket.try_write(bytes))
    }

    /// The same for several parts, as one.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing now.
    pub fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(Self, self, stream => stream.try_write_vectored(parts), Bare(socket) => socket.try_write_vectored(parts))
    }

    /// Tells the peer that nothing more comes. That it can't be told any more is no error.
    pub fn shutdown(&self) {
        let _ = either!(
            Self, self,
            stream => SockRef::from(AsRef::as_ref(stream)).shutdown(Shutdown::Write),
            Bare(socket) => socket.shutdown()
        );
    }

    /// Whether the socket takes bytes again; only the connection's own task asks, and never while the socket is bare.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(Self, self, stream => stream.as_ref().poll_write_ready(cx), Bare(_) => Poll::Pending)
    }
}

/// `io::Write` by `try_write`, for rustls.
macro_rules! write_without_waiting {
    ($($socket:ty),*) => {$(
        impl io::Write for &$socket {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.try_write(bytes)
            }

            fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
                self.try_write_vectored(parts)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    )*};
}
write_without_waiting!(Socket, WriteHalf);
