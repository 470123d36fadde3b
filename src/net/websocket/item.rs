//! What a decoder finds in a byte stream.

/// A message's payload: lent where possible, owned where it had to be put together.
#[derive(Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The whole message lay in the input, and was unmasked there.
    Borrowed(&'a [u8]),
    /// The message came in several reads or fragments.
    Owned(Vec<u8>),
}

impl Payload<'_> {
    /// The payload's bytes.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

/// One thing a peer said.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A complete message of text, which has been checked to be UTF-8.
    Text(Payload<'a>),
    /// A complete message of bytes.
    Binary(Payload<'a>),
    /// A ping, to be answered by a pong with the same payload of at most 125 bytes.
    Ping(&'a [u8]),
    /// A pong. Nothing is to be done.
    Pong,
    /// The peer closes. Whatever follows is ignored (RFC 6455 section 5.5.1).
    Close {
        /// The close code; a legal one, if there is any (RFC 6455 section 7.4).
        code: Option<u16>,
        /// At most 123 bytes, valid UTF-8.
        reason: &'a [u8],
    },
}

impl<'a> Item<'a> {
    /// A complete message.
    pub(super) fn message(is_text: bool, payload: Payload<'a>) -> Self {
        if is_text { Self::Text(payload) } else { Self::Binary(payload) }
    }
}
