//! From a byte stream to messages: unmasking, reassembly, and every check that RFC 6455 asks of a receiver.

use super::header::{Header, HeaderReader, OpCode};
use super::message::{NOT_UTF8, PartialMessage};
use super::{Item, Payload, Role, Violation, close, mask};

/// Decodes one direction of one connection. Idle, it holds no memory but itself.
#[derive(Debug)]
pub struct Decoder {
    role: Role,
    /// The largest message accepted, in bytes.
    max_message: usize,
    /// A header that the last read cut off.
    header: HeaderReader,
    /// A frame that the last read cut off.
    frame: Option<Frame>,
    /// The message that this frame, or the next continuation, belongs to. Boxed: few connections have one at any time.
    message: Option<Box<PartialMessage>>,
    /// The payload of a control frame that the last read cut off. Apart, as it may come amidst a message's fragments.
    control: Vec<u8>,
    /// The peer has closed or broken the rules: nothing more counts.
    done: bool,
}

/// What is still to come of a frame's payload.
#[derive(Debug)]
struct Frame {
    opcode: OpCode,
    fin: bool,
    /// Turned so that it fits the next byte.
    key: Option<[u8; 4]>,
    remaining: usize,
}

impl Frame {
    /// Splits off what `input` has of this frame, unmasked, from what follows it.
    #[inline]
    fn take<'a>(&mut self, input: &'a mut [u8]) -> (&'a [u8], &'a mut [u8]) {
        let (payload, rest) = input.split_at_mut(self.remaining.min(input.len()));
        if let Some(key) = self.key {
            mask::apply(payload, key);
            self.key = Some(mask::advance(key, payload.len()));
        }
        self.remaining -= payload.len();
        (payload, rest)
    }
}

impl Decoder {
    /// A decoder for what the peer of a `role` sends, in messages of at most `max_message` bytes.
    pub fn new(role: Role, max_message: usize) -> Self {
        Self {
            role,
            max_message,
            header: HeaderReader::default(),
            frame: None,
            message: None,
            control: Vec::new(),
            done: false,
        }
    }

    /// Takes all of `input`, unmasking it in place, and hands each complete item to `sink`, in order.
    ///
    /// After an [`Item::Close`] or an error, this and all further input is ignored.
    ///
    /// # Errors
    /// The first violation; items before it have been handed over.
    pub fn feed(&mut self, input: &mut [u8], mut sink: impl FnMut(Item<'_>)) -> Result<(), Violation> {
        let decoded = self.decode(input, &mut sink);
        if decoded.is_err() {
            self.finish();
        }
        decoded
    }

    fn decode(&mut self, mut input: &mut [u8], sink: &mut impl FnMut(Item<'_>)) -> Result<(), Violation> {
        if let Some(frame) = self.frame.take() {
            input = self.read_payload(frame, input, sink)?;
        }
        while !self.done && !input.is_empty() {
            let Some((header, rest)) = self.header.next(input, self.role)? else {
                break;
            };
            let frame = self.admit(&header)?;
            input = self.read_payload(frame, rest, sink)?;
        }
        Ok(())
    }

    /// Checks a header against the message under way and the limits, before any of its payload is kept.
    fn admit(&mut self, header: &Header) -> Result<Frame, Violation> {
        if !header.opcode.is_control() {
            let before = match (&mut self.message, header.opcode) {
                (None, OpCode::Continuation) => {
                    return Err(Violation::protocol("continuation frame without a message"));
                }
                (None, _) => 0,
                (Some(message), OpCode::Continuation) => {
                    message.next_fragment(header.len)?;
                    message.len()
                }
                (Some(_), _) => {
                    return Err(Violation::protocol("new message within a fragmented one"));
                }
            };
            if header.len > self.max_message.saturating_sub(before) as u64 {
                return Err(Violation::too_big("message over the size limit"));
            }
        }
        let Header { opcode, fin, key, len } = *header;
        // At most 125 or max_message by now, so nothing is cut off where usize has 32 bits.
        Ok(Frame { opcode, fin, key, remaining: len as usize })
    }

    /// Takes what `input` has of the frame, and gives back what follows it.
    fn read_payload<'a>(
        &mut self,
        mut frame: Frame,
        input: &'a mut [u8],
        sink: &mut impl FnMut(Item<'_>),
    ) -> Result<&'a mut [u8], Violation> {
        let (payload, rest) = frame.take(input);
        if frame.opcode.is_control() {
            self.read_control(&frame, payload, sink)?;
        } else {
            self.read_data(&frame, payload, sink)?;
        }
        if frame.remaining > 0 {
            self.frame = Some(frame);
        }
        Ok(rest)
    }

    fn read_data(&mut self, frame: &Frame, payload: &[u8], sink: &mut impl FnMut(Item<'_>)) -> Result<(), Violation> {
        let complete = frame.remaining == 0;
        let is_text = frame.opcode == OpCode::Text;
        if self.message.is_none() {
            if complete && frame.fin {
                if is_text && str::from_utf8(payload).is_err() {
                    return Err(NOT_UTF8);
                }
                sink(Item::message(is_text, Payload::Borrowed(payload)));
                return Ok(());
            }
            // The read ended with the header: what follows may still come in one piece.
            if payload.is_empty() && !complete {
                return Ok(());
            }
        }
        let mut message = self.message.take().unwrap_or_else(|| Box::new(PartialMessage::new(is_text)));
        let ends = complete && frame.fin;
        let checked = message.append(payload, frame.remaining, ends);
        if ends && checked.is_ok() {
            sink(message.finish());
        } else {
            self.message = Some(message);
        }
        checked
    }

    fn read_control(
        &mut self,
        frame: &Frame,
        payload: &[u8],
        sink: &mut impl FnMut(Item<'_>),
    ) -> Result<(), Violation> {
        if frame.remaining > 0 {
            self.control.extend_from_slice(payload);
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.control);
        let payload = if held.is_empty() {
            payload
        } else {
            held.extend_from_slice(payload);
            &held
        };
        match frame.opcode {
            OpCode::Ping => sink(Item::Ping(payload)),
            OpCode::Close => {
                let item = close::parse(payload)?;
                self.finish();
                sink(item);
            }
            _ => sink(Item::Pong),
        }
        Ok(())
    }

    /// Ends all decoding.
    fn finish(&mut self) {
        self.done = true;
        self.frame = None;
        self.control = Vec::new();
    }

    /// What has come of a message that nobody will see completed. Its memory may be large: whoever frees it decides how.
    pub fn abandon(&mut self) -> Vec<u8> {
        self.message.take().map(|message| message.abandon()).unwrap_or_default()
    }
}
