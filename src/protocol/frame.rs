//! [`Frame`]: one frame with its fields.

use super::FrameType;

/// The protocol version this side speaks and announces in ENDPOINT_INFO.
pub const VERSION: u32 = 1;

/// Bit 0 of ENDPOINT_INFO's `features`: the peer takes part in transactions (`Cryo.Transaction`).
pub const FEATURE_TRANSACTIONS: u64 = 1;

numbered! {
    /// Who sets the pace of a transaction, as TX_FLOW says it.
    pub enum FlowBehaviour {
        /// The sender sends all chunks unasked (`TX_PUSH`, the default).
        Push = 0,
        /// The sender sends only what TX_FETCH asks for (`TX_PULL`).
        Pull = 1,
    }
}

/// One frame, borrowing its tail from the message it was decoded from.
///
/// The session id is not part of it: it names the connection, not the message.
///
/// - `ack` is the number of the frame itself, which the receiver's ACK repeats; in
///   [`Ack`](Self::Ack) and [`Pong`](Self::Pong) it is the number being answered.
/// - Texts are bytes, because peers are not trusted to send valid UTF-8; whoever makes a string
///   of them decodes lossily.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields: see above and the table in the module `protocol`")]
pub enum Frame<'a> {
    /// The sender's [`VERSION`] and a bit set of features.
    EndpointInfo { ack: u32, version: u32, features: u64 },
    /// The sender leaves; why, in UTF-8.
    Bye { ack: u32, reason: &'a [u8] },
    /// The frame numbered `ack` has arrived.
    Ack { ack: u32 },
    /// An application's error text, UTF-8.
    Error { ack: u32, payload: &'a [u8] },
    /// A question that [`Pong`](Self::Pong) with the same number answers.
    Ping { ack: u32 },
    /// The answer to [`Ping`](Self::Ping).
    Pong { ack: u32 },
    /// A text message, UTF-8.
    Utf8 { ack: u32, payload: &'a [u8] },
    /// A binary message.
    Binary { ack: u32, payload: &'a [u8] },
    /// Opens transaction `tx_id`, of `byte_length` bytes (-1: not known yet), named in UTF-8.
    TxStart { ack: u32, tx_id: u32, byte_length: i32, name: &'a [u8] },
    /// Chunk number `seq` of a transaction, counted from 0; the only frame without a number.
    TxChunk { tx_id: u32, seq: u32, payload: &'a [u8] },
    /// The transaction's data is complete.
    TxFinish { ack: u32, tx_id: u32 },
    /// How the receiver of transactions wants them.
    TxFlow { ack: u32, behaviour: FlowBehaviour },
    /// Asks for the chunks from `start` up to, and not including, `end`.
    TxFetch { ack: u32, tx_id: u32, start: u32, end: u32 },
    /// The receiver wants no more of this transaction.
    TxCancel { ack: u32, tx_id: u32 },
}

impl<'a> Frame<'a> {
    /// The type byte this frame carries.
    #[inline]
    pub const fn frame_type(&self) -> FrameType {
        match self {
            Self::EndpointInfo { .. } => FrameType::EndpointInfo,
            Self::Bye { .. } => FrameType::Bye,
            Self::Ack { .. } => FrameType::Ack,
            Self::Error { .. } => FrameType::Error,
            Self::Ping { .. } | Self::Pong { .. } => FrameType::PingPong,
            Self::Utf8 { .. } => FrameType::Utf8Data,
            Self::Binary { .. } => FrameType::BinaryData,
            Self::TxStart { .. } => FrameType::TxStart,
            Self::TxChunk { .. } => FrameType::TxChunk,
            Self::TxFinish { .. } => FrameType::TxFinish,
            Self::TxFlow { .. } => FrameType::TxFlow,
            Self::TxFetch { .. } => FrameType::TxFetch,
            Self::TxCancel { .. } => FrameType::TxCancel,
        }
    }

    /// The ack number the frame carries; `None` for TX_CHUNK only.
    #[inline]
    pub const fn ack(&self) -> Option<u32> {
        match *self {
            Self::EndpointInfo { ack, .. }
            | Self::Bye { ack, .. }
            | Self::Ack { ack }
            | Self::Error { ack, .. }
            | Self::Ping { ack }
            | Self::Pong { ack }
            | Self::Utf8 { ack, .. }
            | Self::Binary { ack, .. }
            | Self::TxStart { ack, .. }
            | Self::TxFinish { ack, .. }
            | Self::TxFlow { ack, .. }
            | Self::TxFetch { ack, .. }
            | Self::TxCancel { ack, .. } => Some(ack),
            Self::TxChunk { .. } => None,
        }
    }

    /// The bytes after the head: a payload, a reason or a name. Empty for types without any.
    #[inline]
    pub const fn tail(&self) -> &'a [u8] {
        match *self {
            Self::Bye { reason, .. } => reason,
            Self::Error { payload, .. }
            | Self::Utf8 { payload, .. }
            | Self::Binary { payload, .. }
            | Self::TxChunk { payload, .. } => payload,
            Self::TxStart { name, .. } => name,
            Self::EndpointInfo { .. }
            | Self::Ack { .. }
            | Self::Ping { .. }
            | Self::Pong { .. }
            | Self::TxFinish { .. }
            | Self::TxFlow { .. }
            | Self::TxFetch { .. }
            | Self::TxCancel { .. } => &[],
        }
    }
}
