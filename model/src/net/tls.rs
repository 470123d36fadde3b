//! There is no TLS.

use crate::rustls::Connection;

pub fn decrypt(tls: &mut Connection, _: &[u8], _: &mut Vec<u8>) -> std::io::Result<bool> {
    match *tls {}
}
