//! Connecting to other servers, as `lib/peers/peers.js` asks for it. The answer is an event.

use std::net::{IpAddr, SocketAddr};

use napi::bindgen_prelude::{Error, Result, Uint8Array};
use napi_derive::napi;
use tokio_rustls::rustls;

use super::native_server::NativeServer;
use super::options::milliseconds;
use crate::net::client::destination::Destination;
use crate::net::client::trust;
use crate::server::handshake::peer::ConnectRequest;

/// Another server, from a URL that JavaScript has taken apart.
#[napi(object, object_to_js = false)]
pub struct NativePeer {
    /// Its name or address, without brackets.
    pub host: String,
    /// Name and port as in the URL.
    pub authority: String,
    /// Path and query of the URL.
    pub path: String,
    /// Its IP addresses, in the order to try them in.
    pub addresses: Vec<String>,
    /// Its port.
    pub port: u16,
    /// `none`; `verified`, which takes [`NativeServer::trust_roots`] first; or `unverified`.
    pub tls: String,
    /// For its validator.
    pub token: String,
    /// Time for the whole handshake, in ms.
    pub timeout_ms: f64,
}

#[napi]
impl NativeServer {
    /// Trusts servers whose certificates lead to these, PEM blocks one after the other.
    ///
    /// # Errors
    /// When there is not one that can be used.
    #[napi]
    pub fn trust_roots(&self, roots: Uint8Array) -> Result<()> {
        self.running.shared.set_peer_tls(trust::verifying(&roots).map_err(unusable)?);
        Ok(())
    }

    /// Connects to another server. The event `Opened` or `PeerFailed` tells of request `number` how it went.
    ///
    /// # Errors
    /// When TLS is to be verified, but no roots are trusted.
    #[napi]
    pub fn connect_peer(&self, number: u32, peer: NativePeer) -> Result<()> {
        let shared = &self.running.shared;
        let tls = match peer.tls.as_str() {
            "none" => None,
            "unverified" => Some(trust::unverifying().map_err(unusable)?),
            _ => Some(shared.peer_tls().ok_or_else(|| Error::from_reason("no roots are trusted"))?),
        };
        let ips = peer.addresses.iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
        shared.connect(ConnectRequest {
            number,
            addresses: ips.map(|ip| SocketAddr::new(ip, peer.port)).collect(),
            destination: Destination { host: peer.host, authority: peer.authority, path: peer.path },
            tls,
            token: peer.token,
            timeout: milliseconds(peer.timeout_ms),
        });
        Ok(())
    }
}

fn unusable(error: rustls::Error) -> Error {
    Error::from_reason(error.to_string())
}
