//! Reading a frame header of 2 to 14 bytes (RFC 6455 section 5.2), also when it comes in pieces.
//!
//! Not tungstenite's parser: that wants an `io::Cursor` over a whole header, where this one takes pieces and refuses by the
//! first two bytes.

use super::{Role, Violation};

/// The longest header: two bytes, a 64-bit length, a masking key.
pub(super) const MAX_HEADER: usize = 14;

numbered! {
    /// What a frame is for (RFC 6455 section 5.2). The reserved ones have no name: they are refused.
    pub enum OpCode {
        /// Goes on with a fragmented message.
        Continuation = 0,
        /// Starts a text message.
        Text = 1,
        /// Starts a binary message.
        Binary = 2,
        /// Ends the connection.
        Close = 8,
        /// Asks for a pong.
        Ping = 9,
        /// Answers a ping.
        Pong = 10,
    }
}

impl OpCode {
    /// Whether this is a control frame, which may come between the fragments of a message (RFC 6455 section 5.5).
    pub(super) fn is_control(self) -> bool {
        self as u8 >= Self::Close as u8
    }
}

/// A frame header that is legal by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) opcode: OpCode,
    /// Whether the message ends with this frame.
    pub(super) fin: bool,
    pub(super) key: Option<[u8; 4]>,
    /// Payload length in bytes, as claimed.
    pub(super) len: u64,
}

impl Header {
    /// Parses the header at the start of `bytes`: the header and its own length, or `None` while bytes are missing.
    ///
    /// # Errors
    /// As soon as the bytes that are there can't become a legal header. A length in more bytes than it needs is let
    /// pass, as `ws` and tungstenite do.
    #[inline]
    pub(super) fn parse(bytes: &[u8], role: Role) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(Violation::protocol("RSV bits are set, but no extension was negotiated"));
        }
        let Some(opcode) = OpCode::from_number(u32::from(first & 0x0f)) else {
            return Err(Violation::protocol("reserved opcode"));
        };
        let (fin, masked, short) = (first & 0x80 != 0, second & 0x80 != 0, second & 0x7f);
        match role {
            Role::Server if !masked => {
                return Err(Violation::protocol("a client's frames must be masked"));
            }
            Role::Client if masked => {
                return Err(Violation::protocol("a server's frames must not be masked"));
            }
            _ => {}
        }
        if opcode.is_control() {
            if !fin {
                return Err(Violation::protocol("fragmented control frame"));
            }
            if short > 125 {
                return Err(Violation::protocol("control frame of more than 125 bytes"));
            }
        }
        let Some((len, rest)) = length(short, rest) else {
            return Ok(None);
        };
        if len > i64::MAX as u64 {
            return Err(Violation::protocol("the highest bit of a 64-bit length is set"));
        }
        let (key, rest) = match (masked, rest.split_first_chunk::<4>()) {
            (false, _) => (None, rest),
            (true, Some((key, rest))) => (Some(*key), rest),
            (true, None) => return Ok(None),
        };
        Ok(Some((Self { opcode, fin, key, len }, bytes.len() - rest.len())))
    }
}

/// The payload length, and what follows it; `None` while bytes are missing.
#[inline]
fn length(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    match short {
        126 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from(u16::from_be_bytes(*bytes)), rest)),
        127 => rest.split_first_chunk().map(|(bytes, rest)| (u64::from_be_bytes(*bytes), rest)),
        short => Some((u64::from(short), rest)),
    }
}

/// Keeps the start of a header that the last read cut off. Without allocating: idle connections have one each.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    held: [u8; MAX_HEADER],
    len: u8,
}

impl HeaderReader {
    /// The next header and the input behind it, or `None` if all the input was taken and the header is not complete.
    #[inline]
    pub(super) fn next<'a>(
        &mut self,
        input: &'a mut [u8],
        role: Role,
    ) -> Result<Option<(Header, &'a mut [u8])>, Violation> {
        if self.len == 0
            && let Some((header, used)) = Header::parse(input, role)?
        {
            return Ok(input.split_at_mut_checked(used).map(|(_, rest)| (header, rest)));
        }
        self.resume(input, role)
    }

    #[cold]
    fn resume<'a>(&mut self, input: &'a mut [u8], role: Role) -> Result<Option<(Header, &'a mut [u8])>, Violation> {
        let before = usize::from(self.len);
        let mut held = before;
        for (slot, byte) in self.held.iter_mut().skip(before).zip(input.iter()) {
            *slot = *byte;
            held += 1;
        }
        let parsed = Header::parse(self.held.get(..held).unwrap_or_default(), role)?;
        // Fewer than MAX_HEADER bytes are held here if the header is incomplete, so all the input has been taken.
        self.len = if parsed.is_some() { 0 } else { held as u8 };
        Ok(parsed.and_then(|(header, used)| {
            let (_, rest) = input.split_at_mut_checked(used.saturating_sub(before))?;
            Some((header, rest))
        }))
    }
}
