//! A socket that can tell when what was read from it had arrived, by the kernel's time stamps, however long it lay there.

use std::io::{self, Read, Write};
use std::time::Instant;

use mio::net::TcpStream;

/// The socket.
#[derive(Debug)]
pub struct Stamped {
    stream: TcpStream,
    stamps: bool,
    arrived: Option<Instant>,
}

impl Stamped {
    /// With `stamps` the kernel is asked for them; an error where it has none.
    pub fn new(stream: TcpStream, stamps: bool) -> io::Result<Self> {
        if stamps {
            kernel::enable(&stream)?;
        }
        Ok(Self { stream, stamps, arrived: None })
    }

    /// The socket, to be registered with a poll.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// When the last of the bytes that were read last had arrived; `None` without stamps.
    pub fn arrived(&self) -> Option<Instant> {
        self.arrived
    }
}

impl Read for Stamped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.stamps {
            return self.stream.read(buffer);
        }
        let (length, arrived) = kernel::read(&self.stream, buffer)?;
        self.arrived = arrived;
        Ok(length)
    }
}

impl Write for Stamped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::io::{self, IoSliceMut};
    use std::os::fd::AsRawFd;
    use std::time::{Duration, Instant, SystemTime};

    use mio::net::TcpStream;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
    use nix::sys::time::TimeSpec;

    pub fn enable(stream: &TcpStream) -> io::Result<()> {
        Ok(setsockopt(stream, sockopt::ReceiveTimestampns, &true)?)
    }

    pub fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<(usize, Option<Instant>)> {
        let mut control = nix::cmsg_space!(TimeSpec);
        let mut buffers = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(stream.as_raw_fd(), &mut buffers, Some(&mut control), MsgFlags::empty())?;
        let stamp = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp.into()),
            _ => None,
        });
        Ok((message.bytes, stamp.and_then(instant)))
    }

    /// The moment of a stamp, which is the time of day, on the clock that does not jump.
    fn instant(stamp: Duration) -> Option<Instant> {
        let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + stamp).unwrap_or_default();
        Instant::now().checked_sub(age)
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::io::{Error, ErrorKind, Result};
    use std::time::Instant;

    use mio::net::TcpStream;

    pub fn enable(_: &TcpStream) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "--socket-times needs Linux"))
    }

    pub fn read(_: &TcpStream, _: &mut [u8]) -> Result<(usize, Option<Instant>)> {
        Err(ErrorKind::Unsupported.into())
    }
}
