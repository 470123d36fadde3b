//! The HTTP upgrade.

use anyhow::{Result, ensure};

/// Longest answer that is waited for, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The request that names session `sid`. Plain servers ignore the parameters.
pub fn request(token: &str, sid: u64) -> String {
    format!(
        "GET /?authorization=Bearer+{token}&x-cryo-sid={sid} HTTP/1.1\r\n\
         Host: localhost\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Reads the answer at the start of `bytes`; `None` while it is incomplete, else its length in bytes.
pub fn answer(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        ensure!(bytes.len() <= MAX_HEAD, "the answer to the upgrade has no end");
        return Ok(None);
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    ensure!(head.starts_with("HTTP/1.1 101"), "the server refused the upgrade: {head:?}");
    Ok(Some(end + 4))
}
