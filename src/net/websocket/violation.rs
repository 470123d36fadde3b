//! How a peer broke RFC 6455, as the close code and reason to tell it.

/// The connection has failed and is to be closed with this code and reason (RFC 6455 section 7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The close code: 1002, 1007, 1008 or 1009 (RFC 6455 section 7.4.1).
    pub code: u16,
    /// What was wrong, short enough for a close frame.
    pub reason: &'static str,
}

impl Violation {
    /// 1002: the framing rules were broken.
    pub(super) const fn protocol(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    /// 1007: text, or a close reason, that is not UTF-8.
    pub(super) const fn utf8(reason: &'static str) -> Self {
        Self { code: 1007, reason }
    }

    /// 1008: legal by the RFC, but nothing an honest peer does.
    pub(super) const fn policy(reason: &'static str) -> Self {
        Self { code: 1008, reason }
    }

    /// 1009: larger than this end accepts.
    pub(super) const fn too_big(reason: &'static str) -> Self {
        Self { code: 1009, reason }
    }
}
