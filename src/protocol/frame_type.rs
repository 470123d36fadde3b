//! [`FrameType`]: the type byte of a frame, its name and the size of its head.

numbered! {
    /// The type byte of a frame.
    #[derive(Hash)]
    pub enum FrameType {
        /// Announces version and features; each side sends it once.
        EndpointInfo = 255,
        /// Announces that the sender is about to close the session.
        Bye = 254,
        /// Acknowledges one numbered frame.
        Ack = 253,
        /// An error message from one application to the other.
        Error = 252,
        /// A heartbeat question or its answer.
        PingPong = 251,
        /// A text message.
        Utf8Data = 250,
        /// A binary message.
        BinaryData = 249,
        /// Opens a transaction.
        TxStart = 0,
        /// One piece of a transaction's data.
        TxChunk = 1,
        /// Ends a transaction whose data is complete.
        TxFinish = 2,
        /// Chooses between push and pull.
        TxFlow = 3,
        /// Asks for a range of chunks (pull).
        TxFetch = 4,
        /// Makes the sender of a transaction stop.
        TxCancel = 5,
    }
}

impl FrameType {
    /// The name in the protocol's own spelling, such as `UTF8DATA`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EndpointInfo => "ENDPOINT_INFO",
            Self::Bye => "BYE",
            Self::Ack => "ACK",
            Self::Error => "ERROR",
            Self::PingPong => "PING_PONG",
            Self::Utf8Data => "UTF8DATA",
            Self::BinaryData => "BINARYDATA",
            Self::TxStart => "TX_START",
            Self::TxChunk => "TX_CHUNK",
            Self::TxFinish => "TX_FINISH",
            Self::TxFlow => "TX_FLOW",
            Self::TxFetch => "TX_FETCH",
            Self::TxCancel => "TX_CANCEL",
        }
    }

    /// The length of this type's head in bytes: all of the frame but its tail.
    #[inline]
    pub const fn head_len(self) -> usize {
        match self {
            Self::Bye | Self::Ack | Self::Error | Self::Utf8Data | Self::BinaryData => 13,
            Self::TxFlow => 14,
            Self::PingPong | Self::TxChunk | Self::TxFinish | Self::TxCancel => 17,
            Self::TxStart => 21,
            Self::EndpointInfo | Self::TxFetch => 25,
        }
    }
}
