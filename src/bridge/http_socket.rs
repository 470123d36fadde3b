//! The class that `lib/http/socket.js` holds: the socket of a connection whose requests Node.js answers.

use std::sync::Arc;

use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;

use crate::server::http::relay::Relay;

/// Such a socket. What happens on it comes as events with its id.
#[napi]
pub struct NativeHttpSocket {
    relay: Arc<Relay>,
}

#[napi]
impl NativeHttpSocket {
    /// Writes what the socket takes now, and says how many bytes that were. If not all, `HttpWritable` says when to go on.
    #[napi]
    pub fn write(&self, bytes: Uint8ArraySlice<'_>) -> u32 {
        self.relay.write(&bytes) as u32
    }

    /// Nothing more will be written. False when the client can't know it yet: `HttpWritable` says when to ask again.
    #[napi]
    pub fn end(&self) -> bool {
        self.relay.end()
    }

    /// This many of the bytes that came are handled: as many more may come.
    #[napi]
    pub fn consume(&self, bytes: u32) {
        self.relay.consume(bytes as usize);
    }

    /// Gives the connection back to Cryo, which goes on with these bytes: an upgrade to WebSocket. All that was written must have been taken.
    /// What comes afterwards is given back, too, behind them. With these, `consumed` more of the bytes that came are handled.
    #[napi]
    pub fn give_back(&self, early: Uint8ArraySlice<'_>, consumed: u32) {
        self.relay.give_back(&early, consumed as usize);
    }

    /// Closes the connection, whatever was still to be written, or given back.
    #[napi]
    pub fn destroy(&self) {
        self.relay.destroy();
    }
}

impl From<Arc<Relay>> for NativeHttpSocket {
    fn from(relay: Arc<Relay>) -> Self {
        Self { relay }
    }
}
