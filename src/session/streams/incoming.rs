//! Transaction frames from the peer: its own streams, and what it says about ours.
//!
//! What is handed to the application counts as [held](crate::session::receive_window::ReceiveWindow::hold), bytes of the frame and
//! [`CHUNK_COST`], [`STREAM_COST`] or [`EVENT_COST`], until the application releases it: a stream that it does not read pauses the socket.

use std::borrow::Cow;

use crate::protocol::{CloseCode, FEATURE_TRANSACTIONS, Frame, FrameType, close};
use crate::session::receive_window::{CHUNK_COST, EVENT_COST, STREAM_COST};
use crate::session::{Body, Event, Events, Fault, Io, Session, Side, Wire};

impl Session {
    /// Takes any transaction frame but a chunk.
    ///
    /// # Errors
    /// When the peer has not announced that it takes part in transactions.
    pub(in crate::session) fn transaction<W: Wire, E: Events>(
        &mut self,
        frame: &Frame<'_>,
        io: &mut Io<'_, W, E>,
    ) -> Result<(), Fault> {
        self.require_transactions()?;
        if let Some(ack) = frame.ack() {
            self.transmit(&Frame::Ack { ack }, io.wire);
        }
        let streams = self.streams.get_or_insert_default();
        let event = match *frame {
            Frame::TxStart { tx_id, byte_length, name, .. } => {
                streams.begin(tx_id);
                Some(Event::StreamStarted { tx_id, byte_length, name })
            }
            Frame::TxFinish { tx_id, .. } => {
                streams.close(Side::Theirs, tx_id).then_some(Event::StreamFinished { tx_id })
            }
            // The protocol gives a cancel to the receiver; a sender that gives up has no other frame to say so.
            Frame::TxCancel { tx_id, .. } => [Side::Ours, Side::Theirs]
                .into_iter()
                .find(|&side| streams.close(side, tx_id))
                .map(|side| Event::StreamCancelled { side, tx_id }),
            Frame::TxFetch { tx_id, start, end, .. } => {
                streams.outgoing.contains(&tx_id).then_some(Event::RangeRequested { tx_id, start, end })
            }
            Frame::TxFlow { behaviour, .. } => Some(Event::FlowChanged(behaviour)),
            _ => None,
        };
        match event {
            Some(event) => {
                let begins = matches!(event, Event::StreamStarted { .. });
                self.window.hold(frame.tail().len() + if begins { STREAM_COST } else { EVENT_COST });
                io.events.event(event);
            }
            None => self.config.meter.ignored.add(1),
        }
        Ok(())
    }

    /// Takes a chunk: `message` is its whole frame.
    ///
    /// # Errors
    /// When the peer has not announced that it takes part in transactions.
    pub(in crate::session) fn chunk<W: Wire, E: Events>(
        &mut self,
        tx_id: u32,
        seq: u32,
        message: Cow<'_, [u8]>,
        io: &mut Io<'_, W, E>,
    ) -> Result<(), Fault> {
        self.require_transactions()?;
        if self.streams.as_ref().is_some_and(|streams| streams.incoming.contains_key(&tx_id)) {
            let body = Body::new(message, FrameType::TxChunk.head_len());
            self.window.hold(body.as_slice().len() + CHUNK_COST);
            io.events.event(Event::StreamChunk { tx_id, seq, body });
        } else {
            self.config.meter.ignored.add(1);
        }
        Ok(())
    }

    fn require_transactions(&self) -> Result<(), Fault> {
        if self.features.unwrap_or(0) & FEATURE_TRANSACTIONS == 0 {
            return Err(Fault { code: CloseCode::SERVER_FAULT, reason: Cow::Borrowed(close::NO_TRANSACTION_FEATURE) });
        }
        Ok(())
    }
}
