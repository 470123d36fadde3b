//! Bytes to frames. Nothing is copied: a frame's tail borrows from the message.

use super::{DecodeError, FlowBehaviour, Frame, FrameType, PREFIX_LEN};

/// A decoded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The session id the peer put into the frame; the connection is what was authenticated.
    pub sid: u64,
    /// The frame.
    pub frame: Frame<'a>,
}

/// Decodes one WebSocket message.
///
/// Accepts exactly what can be written with [`Frame::head`]: whatever it takes encodes back to the
/// same bytes. Texts are not checked to be UTF-8, nor lengths to be within
/// [`MAX_PAYLOAD`](super::MAX_PAYLOAD).
///
/// # Errors
/// See [`DecodeError`].
#[inline]
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    let Some((&[ref sid @ .., type_byte], rest)) = bytes.split_first_chunk::<PREFIX_LEN>() else {
        return Err(DecodeError::TooShort { frame_type: None, need: PREFIX_LEN, got: bytes.len() });
    };
    let frame_type = FrameType::from_number(type_byte.into()).ok_or(DecodeError::UnknownType(type_byte))?;
    let fields = Fields { frame_type, len: bytes.len(), rest };
    Ok(Decoded { sid: u64::from_be_bytes(*sid), frame: fields.read()? })
}

/// Reads the fields that follow the type byte, front to back.
struct Fields<'a> {
    frame_type: FrameType,
    /// The length of the whole message, for error texts.
    len: usize,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    #[inline]
    fn read(mut self) -> Result<Frame<'a>, DecodeError> {
        // Struct fields are evaluated in the order written, which is the order on the wire.
        let frame = match self.frame_type {
            FrameType::Utf8Data => Frame::Utf8 { ack: self.u32()?, payload: self.tail() },
            FrameType::BinaryData => Frame::Binary { ack: self.u32()?, payload: self.tail() },
            FrameType::Ack => Frame::Ack { ack: self.u32()? },
            FrameType::PingPong => {
                let ack = self.u32()?;
                match &self.take()? {
                    b"ping" => Frame::Ping { ack },
                    b"pong" => Frame::Pong { ack },
                    &word => return Err(DecodeError::BadPing(word)),
                }
            }
            FrameType::EndpointInfo => Frame::EndpointInfo {
                ack: self.u32()?,
                version: self.u32()?,
                features: self.take().map(u64::from_be_bytes)?,
            },
            FrameType::Bye => Frame::Bye { ack: self.u32()?, reason: self.tail() },
            FrameType::Error => Frame::Error { ack: self.u32()?, payload: self.tail() },
            FrameType::TxStart => Frame::TxStart {
                ack: self.u32()?,
                tx_id: self.u32()?,
                byte_length: self.take().map(i32::from_be_bytes)?,
                name: self.tail(),
            },
            FrameType::TxChunk => Frame::TxChunk { tx_id: self.u32()?, seq: self.u32()?, payload: self.tail() },
            FrameType::TxFinish => Frame::TxFinish { ack: self.u32()?, tx_id: self.u32()? },
            FrameType::TxFlow => Frame::TxFlow { ack: self.u32()?, behaviour: self.behaviour()? },
            FrameType::TxFetch => {
                Frame::TxFetch { ack: self.u32()?, tx_id: self.u32()?, start: self.u32()?, end: self.u32()? }
            }
            FrameType::TxCancel => Frame::TxCancel { ack: self.u32()?, tx_id: self.u32()? },
        };
        self.finish(frame)
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::TooShort {
            frame_type: Some(self.frame_type),
            need: self.frame_type.head_len(),
            got: self.len,
        })?;
        self.rest = rest;
        Ok(*field)
    }

    #[inline]
    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_be_bytes)
    }

    #[inline]
    fn behaviour(&mut self) -> Result<FlowBehaviour, DecodeError> {
        let [byte] = self.take()?;
        FlowBehaviour::from_number(byte.into()).ok_or(DecodeError::BadFlow(byte))
    }

    #[inline]
    fn tail(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Gives the frame out if all bytes of the message have become part of it.
    #[inline]
    fn finish(self, frame: Frame<'a>) -> Result<Frame<'a>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(frame);
        }
        Err(DecodeError::TrailingBytes { frame_type: self.frame_type, need: self.frame_type.head_len(), got: self.len })
    }
}
