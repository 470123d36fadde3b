//! The payload of a close frame (RFC 6455 section 5.5.1): nothing, or a code and a reason.

use super::{Item, Violation};
use crate::protocol::close::MAX_REASON_LEN;

/// Reads an unmasked close payload.
pub(super) fn parse(payload: &[u8]) -> Result<Item<'_>, Violation> {
    match payload {
        [] => Ok(Item::Close { code: None, reason: &[] }),
        [_] => Err(Violation::protocol("close frame with half a close code")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_be_sent(code) {
                return Err(Violation::protocol("close code that must not be sent"));
            }
            if str::from_utf8(reason).is_err() {
                return Err(Violation::utf8("close reason is not UTF-8"));
            }
            Ok(Item::Close { code: Some(code), reason })
        }
    }
}

/// Whether a close frame may have this code: one that the WebSocket Close Code Number Registry has for it, or one of a library or an application
/// (RFC 6455 section 7.4).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The longest part of `reason` that a close frame can carry, cut at a character boundary.
pub(super) fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON_LEN);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}
