//! Frames to bytes: the head alone, so that a payload is written from where it is.

use std::ops::Deref;

use super::{Frame, FrameType, MAX_HEAD_LEN};

/// The start of an encoded frame, up to its [tail](Frame::tail), on the stack.
///
/// Head and tail, one after the other, are the whole frame.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    bytes: [u8; MAX_HEAD_LEN],
    len: u8,
}

impl Head {
    #[inline]
    fn new(sid: u64, frame_type: FrameType) -> Self {
        let empty = Self { bytes: [0; MAX_HEAD_LEN], len: 0 };
        empty.put(sid.to_be_bytes()).put([frame_type as u8])
    }

    /// Appends a field. The sum of a type's fields is its [`FrameType::head_len`], which the array
    /// always holds.
    #[inline]
    #[allow(clippy::indexing_slicing, reason = "the array is as long as the longest head")]
    fn put<const N: usize>(mut self, field: [u8; N]) -> Self {
        let start = usize::from(self.len);
        self.bytes[start..start + N].copy_from_slice(&field);
        self.len += N as u8;
        self
    }

    #[inline]
    fn u32(self, value: u32) -> Self {
        self.put(value.to_be_bytes())
    }
}

impl Deref for Head {
    type Target = [u8];

    #[inline]
    #[allow(clippy::indexing_slicing, reason = "`put` counts only what it has put there")]
    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Frame<'_> {
    /// The encoded frame up to its tail.
    #[inline]
    pub fn head(&self, sid: u64) -> Head {
        let head = Head::new(sid, self.frame_type());
        match *self {
            Self::EndpointInfo { ack, version, features } => head.u32(ack).u32(version).put(features.to_be_bytes()),
            Self::Ping { ack } => head.u32(ack).put(*b"ping"),
            Self::Pong { ack } => head.u32(ack).put(*b"pong"),
            Self::Ack { ack }
            | Self::Bye { ack, .. }
            | Self::Error { ack, .. }
            | Self::Utf8 { ack, .. }
            | Self::Binary { ack, .. } => head.u32(ack),
            Self::TxStart { ack, tx_id, byte_length, .. } => head.u32(ack).u32(tx_id).put(byte_length.to_be_bytes()),
            Self::TxChunk { tx_id, seq, .. } => head.u32(tx_id).u32(seq),
            Self::TxFinish { ack, tx_id } | Self::TxCancel { ack, tx_id } => head.u32(ack).u32(tx_id),
            Self::TxFlow { ack, behaviour } => head.u32(ack).put([behaviour as u8]),
            Self::TxFetch { ack, tx_id, start, end } => head.u32(ack).u32(tx_id).u32(start).u32(end),
        }
    }
}
