//! Where a server listens, or why it does not, as JavaScript is told.

use napi_derive::napi;

use crate::net::listener::{ListenError, Listener};

/// Where a server listens, or why it does not.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Listening {
    /// The IP address, or the path.
    pub address: String,
    /// `IPv4` or `IPv6`; none with a path.
    pub family: Option<String>,
    /// The port; none with a path.
    pub port: Option<u16>,
    /// Why it does not listen, such as `EADDRINUSE`. Where Node.js knows `errno`, that says more.
    pub error: Option<String>,
    /// The system's error number, where there is one: positive, and on Windows not one of Node.js.
    pub errno: Option<i32>,
}

impl Listening {
    /// A listener's address.
    pub(super) fn of(listener: &Listener) -> Self {
        match listener {
            Listener::Tcp(_, address) => Self {
                address: address.ip().to_string(),
                family: Some(if address.is_ipv6() { "IPv6" } else { "IPv4" }.into()),
                port: Some(address.port()),
                ..Self::default()
            },
            #[cfg(unix)]
            Listener::Unix(path, _) => Self { address: path.as_str().into(), ..Self::default() },
        }
    }

    /// Why there is none. The code is for errors without a number, and for Windows: `lib/http/listening.js` knows all others by theirs.
    pub(super) fn refused(failure: &ListenError) -> Self {
        use std::io::ErrorKind;
        let code = match failure.error.kind() {
            ErrorKind::AddrInUse => "EADDRINUSE",
            ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
            ErrorKind::PermissionDenied => "EACCES",
            ErrorKind::InvalidInput => "EINVAL",
            ErrorKind::Unsupported => "ENOTSUP",
            // The resolver's errors have no number.
            _ if failure.error.raw_os_error().is_none() => "ENOTFOUND",
            _ => "EINVAL",
        };
        Self {
            address: failure.address.clone(),
            port: failure.port,
            error: Some(code.into()),
            errno: failure.error.raw_os_error(),
            ..Self::default()
        }
    }
}
