//! One WebSocket message as a Cryo frame: what is accepted encodes back to the same bytes.

use cryo_server::protocol::{MAX_HEAD_LEN, decode};

/// Decodes `data`.
pub fn run(data: &[u8]) {
    match decode(data) {
        Ok(decoded) => {
            let head = decoded.frame.head(decoded.sid);
            assert!(head.len() <= MAX_HEAD_LEN, "a head of {} bytes", head.len());
            assert_eq!([&*head, decoded.frame.tail()].concat(), data);
        }
        // The text goes into a close frame: it must be one at all.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
