//! A socket during its handshake, or for as long as Node.js answers its requests: plain, or behind TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::{Connection, ServerConnection};

use super::socket::Socket;

/// A connected stream.
#[derive(Debug)]
pub enum Stream {
    /// As it came.
    Plain(Socket),
    /// Encrypted.
    Tls(Box<TlsStream<Socket>>),
}

impl Stream {
    /// The socket below.
    pub fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// The TLS state of a server's stream, if there is any.
    pub fn server_tls(&self) -> Option<&ServerConnection> {
        match self {
            Self::Tls(stream) => match &**stream {
                TlsStream::Server(stream) => Some(stream.get_ref().1),
                TlsStream::Client(_) => None,
            },
            Self::Plain(_) => None,
        }
    }

    /// What a server's stream is written to by who does not wait: the socket, and the TLS state if there is any. None for a client's stream.
    pub fn server_parts(&mut self) -> Option<(&Socket, Option<&mut ServerConnection>)> {
        match self {
            Self::Plain(socket) => Some((socket, None)),
            Self::Tls(stream) => match &mut **stream {
                TlsStream::Server(stream) => {
                    let (socket, tls) = stream.get_mut();
                    Some((socket, Some(tls)))
                }
                TlsStream::Client(_) => None,
            },
        }
    }

    /// The socket, and the TLS state with what it has decrypted already.
    pub fn into_parts(self) -> (Socket, Option<Box<Connection>>) {
        match self {
            Self::Plain(socket) => (socket, None),
            Self::Tls(stream) => match *stream {
                TlsStream::Server(stream) => {
                    let (socket, tls) = stream.into_inner();
                    (socket, Some(Box::new(Connection::Server(tls))))
                }
                TlsStream::Client(stream) => {
                    let (socket, tls) = stream.into_inner();
                    (socket, Some(Box::new(Connection::Client(tls))))
                }
            },
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
