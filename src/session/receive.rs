//! What each received frame does to a session (docs/protocol.md, "Conversation").

use std::borrow::Cow;

use super::receive_window::EVENT_COST;
use super::settle::settle;
use super::{Body, Event, Events, Fault, Hooks, Io, MessageKind, Outcome, Session, Wire};
use crate::protocol::{self, CloseCode, DecodeError, FEATURE_TRANSACTIONS, Frame, FrameType, VERSION, close};

impl Session {
    /// Takes one WebSocket message. `hooks` says which kinds of messages wait for a verdict before they are acknowledged.
    ///
    /// # Errors
    /// When the peer broke the protocol: the caller then [closes](Session::close_on_fault) the session.
    pub fn receive<W: Wire, E: Events>(
        &mut self,
        message: Cow<'_, [u8]>,
        hooks: Hooks,
        io: &mut Io<'_, W, E>,
    ) -> Result<(), Fault> {
        self.rx += message.len() as u64;
        self.hear();
        let frame = match protocol::decode(&message) {
            Ok(decoded) => decoded.frame,
            Err(DecodeError::UnknownType(_)) => {
                self.config.meter.ignored.add(1);
                return Ok(());
            }
            Err(error) => {
                return Err(Fault { code: CloseCode::CLIENT_FAULT, reason: Cow::Owned(error.to_string()) });
            }
        };
        let (length, limit) = (frame.tail().len(), self.config.max_payload);
        if length > limit {
            let reason = format!("A payload of {length} bytes is over the limit of {limit}.");
            return Err(Fault { code: CloseCode::TOO_BIG, reason: Cow::Owned(reason) });
        }
        self.config.meter.receive(frame.frame_type(), message.len());
        if self.phase.is_closed() {
            // Behind our close frame only the ACKs of what was sent before it still matter.
            if let Frame::Ack { ack } = frame {
                self.acknowledged(ack, io);
            }
            return Ok(());
        }
        match frame {
            Frame::Ack { ack } => self.acknowledged(ack, io),
            Frame::Ping { ack } => self.transmit(&Frame::Pong { ack }, io.wire),
            Frame::Pong { ack } => self.answered(ack),
            Frame::Utf8 { ack, .. } => self.message(MessageKind::Utf8, ack, message, hooks, io),
            Frame::Binary { ack, .. } => self.message(MessageKind::Binary, ack, message, hooks, io),
            Frame::Error { ack, .. } => self.message(MessageKind::Error, ack, message, hooks, io),
            Frame::EndpointInfo { ack, version, features } => self.announced(ack, version, features, io)?,
            Frame::Bye { ack, reason } => {
                self.transmit(&Frame::Ack { ack }, io.wire);
                let reason = String::from_utf8_lossy(reason);
                let reason = if reason.is_empty() { close::DISCONNECT } else { &reason };
                self.close_now(CloseCode::NORMAL.get(), reason, io);
            }
            Frame::TxChunk { tx_id, seq, .. } => self.chunk(tx_id, seq, message, io)?,
            transaction => self.transaction(&transaction, io)?,
        }
        Ok(())
    }

    fn message<W: Wire, E: Events>(
        &mut self,
        kind: MessageKind,
        ack: u32,
        frame: Cow<'_, [u8]>,
        hooks: Hooks,
        io: &mut Io<'_, W, E>,
    ) {
        let verdict = hooks.cover(kind);
        if !verdict {
            self.transmit(&Frame::Ack { ack }, io.wire);
        }
        let frame_len = frame.len();
        // All three kinds have the same head.
        let body = Body::new(frame, FrameType::Utf8Data.head_len());
        if verdict {
            // Its hooks may take longer than its batch: until the verdict releases it.
            self.window.hold(body.as_slice().len() + EVENT_COST);
        } else {
            self.window.received(io.events.batch(), frame_len);
        }
        io.events.event(Event::Message { kind, ack, body, verdict });
    }

    fn announced<W: Wire, E: Events>(
        &mut self,
        ack: u32,
        version: u32,
        features: u64,
        io: &mut Io<'_, W, E>,
    ) -> Result<(), Fault> {
        if version != VERSION {
            return Err(Fault { code: CloseCode::CLIENT_FAULT, reason: Cow::Owned(close::version_mismatch(version)) });
        }
        self.transmit(&Frame::Ack { ack }, io.wire);
        // A second announcement changes nothing: streams that are open go on.
        if self.features.is_none() {
            self.features = Some(features);
            io.events.event(Event::Connected { transactions: features & FEATURE_TRANSACTIONS != 0 });
        }
        Ok(())
    }

    fn acknowledged<W: Wire, E: Events>(&mut self, ack: u32, io: &mut Io<'_, W, E>) {
        let waiter = self.acks.acknowledge(ack, io.now);
        if let Some(micros) = self.acks.take_sample() {
            self.config.meter.round_trips.record(micros);
        }
        if let Some(waiter) = waiter {
            settle(waiter, Outcome::Acknowledged, self.streams.as_deref(), io.events);
        }
    }
}
