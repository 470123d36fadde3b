//! [`SessionSource`]: where a new session comes from, as the application is told.

/// Where a session comes from.
#[derive(Debug)]
pub enum SessionSource {
    /// From a client's handshake, of this number.
    Client {
        /// The handshake's.
        number: u32,
    },
    /// From the application's wish to connect to another server.
    Peer {
        /// The connect request's.
        number: u32,
        /// The other server's address, its port and the request target, one a line.
        request: String,
    },
}
