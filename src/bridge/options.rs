//! JavaScript's options, which `lib/options/options.js` has checked and completed, as settings.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Error, Result, Uint8Array};
use napi_derive::napi;
use tokio_rustls::rustls::ServerConfig;

use crate::net::listener::Endpoint;
use crate::net::tls;
use crate::server::settings::{DuplicateSid, Settings};
use crate::session::config::{Config, DropPolicy};

/// A key and its certificate, both PEM.
#[napi(object, object_to_js = false)]
pub struct NativeSsl {
    /// The private key.
    pub key: Uint8Array,
    /// The certificate, or chain of certificates.
    pub cert: Uint8Array,
}

/// The limits of the outgoing queue. Sizes in bytes.
#[napi(object, object_to_js = false)]
#[allow(missing_docs, reason = "the names of the public option, documented in types/options.d.ts")]
pub struct NativeBackpressure {
    pub high_water_mark: f64,
    pub low_water_mark: f64,
    pub max_queued_bytes: f64,
    pub max_queue_count: f64,
    pub drop_policy: String,
}

/// The options of a server. Times in milliseconds, sizes in bytes.
#[napi(object, object_to_js = false)]
#[allow(missing_docs, reason = "the names of the public options, documented in types/options.d.ts")]
pub struct NativeOptions {
    pub host: Option<String>,
    pub port: u16,
    pub path: Option<String>,
    pub ssl: Option<NativeSsl>,
    pub keep_alive_interval_ms: f64,
    pub backpressure: NativeBackpressure,
    pub undelivered: String,
    pub on_duplicate_sid: String,
    pub handshake_timeout_ms: f64,
    pub close_timeout_ms: f64,
    pub max_connections: f64,
    pub max_connections_per_address: f64,
    pub max_pending_handshakes: f64,
    pub max_payload: f64,
    pub max_unread_bytes: f64,
}

impl NativeOptions {
    /// The settings these options stand for.
    pub fn settings(&self) -> Settings {
        let endpoint = match &self.path {
            Some(path) => Endpoint::Path(path.clone()),
            None => Endpoint::Port { host: self.host.clone(), port: self.port },
        };
        let session = Config {
            high_water_mark: self.backpressure.high_water_mark as usize,
            low_water_mark: self.backpressure.low_water_mark as usize,
            max_queued_bytes: self.backpressure.max_queued_bytes as usize,
            max_queue_count: self.backpressure.max_queue_count as usize,
            drop_policy: match self.backpressure.drop_policy.as_str() {
                "drop-newest" => DropPolicy::Newest,
                "dedupe-latest" => DropPolicy::Dedupe,
                _ => DropPolicy::Oldest,
            },
            keep_late: self.undelivered != "reject",
            max_unread: self.max_unread_bytes as usize,
            max_payload: self.max_payload as usize,
            meter: Arc::default(),
        };
        Settings {
            endpoint,
            keep_alive: milliseconds(self.keep_alive_interval_ms),
            handshake_timeout: milliseconds(self.handshake_timeout_ms),
            // Infinity becomes the largest number there is.
            max_connections: self.max_connections as usize,
            max_connections_per_address: self.max_connections_per_address as usize,
            max_pending_handshakes: self.max_pending_handshakes as usize,
            close_timeout: milliseconds(self.close_timeout_ms),
            duplicate_sid: match self.on_duplicate_sid.as_str() {
                "replace" => DuplicateSid::Replace,
                _ => DuplicateSid::Refuse,
            },
            session: Arc::new(session),
        }
    }
}

impl NativeSsl {
    /// What rustls makes of it.
    ///
    /// # Errors
    /// When one of the two is unreadable, or they don't belong together.
    pub fn config(&self) -> Result<Arc<ServerConfig>> {
        tls::server_config(&self.key, &self.cert).map_err(|error| Error::from_reason(error.to_string()))
    }
}

pub(super) fn milliseconds(value: f64) -> Duration {
    Duration::from_micros((value * 1000.0) as u64)
}
