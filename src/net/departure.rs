//! Noticing that a peer has left although nobody reads what it has sent before.

use super::socket::Socket;

impl Socket {
    /// Waits until nothing more will come, whatever has come already, which stays to be read. For ever where the system can't tell of that alone:
    /// where it has no second descriptor to give, or is Windows.
    pub async fn peer_left(&self) {
        #[cfg(unix)]
        if let Ok(watched) = unix::another(self) {
            return unix::ended(&watched).await;
        }
        std::future::pending().await
    }
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;

    use tokio::io::Interest;
    use tokio::net::{TcpStream, UnixStream};

    use crate::net::socket::{Socket, either};

    /// The same socket by a descriptor of its own: what counts as heard here would otherwise be read by nobody.
    pub(super) fn another(socket: &Socket) -> io::Result<Socket> {
        Ok(match socket {
            Socket::Tcp(stream) => {
                let descriptor = stream.as_fd().try_clone_to_owned()?;
                Socket::Tcp(TcpStream::from_std(descriptor.into())?)
            }
            Socket::Unix(stream) => {
                let descriptor = stream.as_fd().try_clone_to_owned()?;
                Socket::Unix(UnixStream::from_std(descriptor.into())?)
            }
        })
    }

    pub(super) async fn ended(socket: &Socket) {
        // An error would be the end of the runtime.
        while let Ok(ready) = either!(Socket, socket, stream => stream.ready(Interest::READABLE).await)
            && !ready.is_read_closed()
        {
            let heard = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
            // There are bytes. The next time it is more of them, or the end.
            let _ = either!(Socket, socket, stream => stream.try_io(Interest::READABLE, heard));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream, UnixStream};
    use tokio::time::timeout;

    use super::*;

    /// Long enough for what is on its way.
    const A_MOMENT: Duration = Duration::from_millis(50);

    async fn notices_the_end_alone(mut ours: Socket, mut theirs: Socket) {
        for part in [&b"more"[..], b" than", b" nothing"] {
            theirs.write_all(part).await.expect("a socket that lives");
            assert!(timeout(A_MOMENT, ours.peer_left()).await.is_err(), "the peer has not left");
        }
        let ended = async {
            tokio::time::sleep(A_MOMENT).await;
            theirs.write_all(b"!").await.expect("a socket that lives");
            tokio::time::sleep(A_MOMENT).await;
            theirs.shutdown().await.expect("a socket that lives");
        };
        tokio::join!(ours.peer_left(), ended);
        ours.peer_left().await;
        let mut all = String::new();
        ours.read_to_string(&mut all).await.expect("what was sent before the end");
        assert_eq!(all, "more than nothing!");
    }

    #[tokio::test]
    async fn the_end_is_noticed_behind_what_nobody_reads() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (theirs, ours) = tokio::join!(TcpStream::connect(address), listener.accept());
        notices_the_end_alone(Socket::Tcp(ours.expect("a peer").0), Socket::Tcp(theirs.expect("a listener"))).await;
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        notices_the_end_alone(Socket::Unix(ours), Socket::Unix(theirs)).await;
    }

    #[tokio::test]
    async fn what_was_not_read_meanwhile_is_told_to_who_reads_next() {
        let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
        let mut ours = Socket::Unix(ours);
        theirs.write_all(b"early").await.expect("a socket that lives");
        assert!(timeout(A_MOMENT, ours.peer_left()).await.is_err());
        let mut bytes = [0; 5];
        timeout(A_MOMENT * 20, ours.read_exact(&mut bytes)).await.expect("no wait").expect("a socket that lives");
        assert_eq!(&bytes, b"early");
    }
}
