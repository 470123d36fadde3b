//! Streams that we send, and what we tell the peer about its own. When to send what is the application's knowledge: it has the source.

use crate::protocol::{FlowBehaviour, Frame};
use crate::session::acks::Waiter;
use crate::session::{Event, Events, Io, Session, Side, Step, Wire};

impl Session {
    /// Opens our stream `tx_id`. Its ACK is an [`Event::StreamSettled`].
    pub fn start_stream<W: Wire, E: Events>(
        &mut self,
        tx_id: u32,
        byte_length: i32,
        name: &[u8],
        io: &mut Io<'_, W, E>,
    ) {
        if self.phase.is_open() {
            self.streams.get_or_insert_default().outgoing.insert(tx_id);
            let waiter = Waiter::Stream(tx_id, Step::Start);
            self.post(waiter, io, |ack| Frame::TxStart { ack, tx_id, byte_length, name });
        }
    }

    /// Sends a chunk of our stream, unless the peer has cancelled it meanwhile.
    pub fn send_chunk<W: Wire, E: Events>(&mut self, tx_id: u32, seq: u32, payload: &[u8], io: &mut Io<'_, W, E>) {
        if !self.has_outgoing(tx_id) {
            return;
        }
        let frame = Frame::TxChunk { tx_id, seq, payload };
        let direct = self.flows();
        if direct {
            self.transmit(&frame, io.wire);
        } else {
            self.enqueue(&frame, None, io);
        }
        if let Some(streams) = &mut self.streams {
            if direct {
                streams.transit.wire(io.wire.taken() + io.wire.pending() as u64, payload.len());
            } else {
                streams.transit.queue(payload.len());
            }
        }
    }

    /// Completes our stream. Its ACK is an [`Event::StreamSettled`].
    pub fn finish_stream<W: Wire, E: Events>(&mut self, tx_id: u32, io: &mut Io<'_, W, E>) {
        if self.has_outgoing(tx_id) {
            self.post(Waiter::Stream(tx_id, Step::Finish), io, |ack| Frame::TxFinish { ack, tx_id });
        }
    }

    /// Forgets a stream of ours that is through.
    pub fn close_stream(&mut self, tx_id: u32) {
        if let Some(streams) = &mut self.streams {
            streams.close(Side::Ours, tx_id);
        }
    }

    /// Forgets a stream of ours before its end and tells the peer, which waits for no more of it.
    pub fn cancel_stream<W: Wire, E: Events>(&mut self, tx_id: u32, io: &mut Io<'_, W, E>) {
        let was_open = self.streams.as_mut().is_some_and(|streams| streams.close(Side::Ours, tx_id));
        self.tell_cancelled(was_open, tx_id, io);
    }

    /// Forgets a stream of the peer's before its end, and tells the peer, which stops sending it. `before` is how many streams the peer had
    /// begun before it: while the application makes up its mind, the stream may end, and another one of the same number begin.
    pub fn refuse_stream<W: Wire, E: Events>(&mut self, tx_id: u32, before: u32, io: &mut Io<'_, W, E>) {
        let was_open = self.streams.as_mut().is_some_and(|streams| streams.refuse(tx_id, before));
        self.tell_cancelled(was_open, tx_id, io);
    }

    /// Nothing is said of a stream that is through: its number may be another one's by now, of either side.
    fn tell_cancelled<W: Wire, E: Events>(&mut self, was_open: bool, tx_id: u32, io: &mut Io<'_, W, E>) {
        if was_open && self.phase.is_open() {
            self.post(Waiter::Nobody, io, |ack| Frame::TxCancel { ack, tx_id });
        }
    }

    /// Asks for chunks `start` to `end` - 1 of the peer's stream. The ACK's [`Event::Settled`] carries `token`.
    pub fn request_range<W: Wire, E: Events>(
        &mut self,
        token: u32,
        tx_id: u32,
        (start, end): (u32, u32),
        io: &mut Io<'_, W, E>,
    ) {
        if self.phase.is_open() {
            self.post(Waiter::Send(token), io, |ack| Frame::TxFetch { ack, tx_id, start, end });
        }
    }

    /// Says how we want the peer's streams from now on. The ACK's [`Event::Settled`] carries `token`.
    pub fn set_flow<W: Wire, E: Events>(&mut self, token: u32, behaviour: FlowBehaviour, io: &mut Io<'_, W, E>) {
        if self.phase.is_open() {
            self.post(Waiter::Send(token), io, |ack| Frame::TxFlow { ack, behaviour });
        }
    }

    /// Asks for an [`Event::Room`] when no more than `left` bytes of chunks wait for the socket. It comes with the next [`Session::drained`].
    pub fn await_room(&mut self, left: usize) {
        self.streams.get_or_insert_default().transit.await_room(left);
    }

    /// The socket has taken bytes: tells those who wait for room. A session on its way out has none: its streams end with it.
    pub(in crate::session) fn make_room<W: Wire, E: Events>(&mut self, io: &mut Io<'_, W, E>) {
        if self.phase.is_open()
            && let Some(streams) = &mut self.streams
            && let Some(left) = streams.transit.room(io.wire.taken())
        {
            io.events.event(Event::Room { left });
        }
    }

    /// A chunk that waited in the outbox has gone to the wire.
    pub(in crate::session) fn chunk_left_outbox<W: Wire>(&mut self, bytes: usize, wire: &W) {
        if let Some(streams) = &mut self.streams {
            streams.transit.unqueue(bytes);
            streams.transit.wire(wire.taken() + wire.pending() as u64, bytes);
        }
    }

    /// Whether our stream may still send.
    fn has_outgoing(&self, tx_id: u32) -> bool {
        self.phase.is_open() && self.streams.as_ref().is_some_and(|streams| streams.outgoing.contains(&tx_id))
    }
}
