//! The other end of a connection: a client that takes its time, answers or does not, breaks rules or goes, and believes nothing it reads.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use cryo_server::net::websocket::{self, Decoder, Item, Role};
use cryo_server::protocol::{self, FlowBehaviour, Frame, FrameType, VERSION};

use super::super::input::Input;
use super::{LARGEST, payload, serial};

/// A client.
pub struct Peer {
    sid: u64,
    /// None when it has gone.
    socket: Option<UnixStream>,
    decoder: Decoder,
    /// What it has not written yet.
    out: Vec<u8>,
    number: u32,
    /// What it sent that the application must hear of, in this order: type, number, length.
    pub sent: VecDeque<(FrameType, u32, usize)>,
    /// The numbers of its frames that want an ACK and have none yet.
    pub unacknowledged: BTreeSet<u32>,
    /// The numbers of our frames that it has not acknowledged yet.
    due: VecDeque<u32>,
    /// Our messages that came, by serial number.
    pub arrived: BTreeSet<u32>,
    /// It broke the rules, or ended the session, so that nothing need arrive any more.
    pub is_wild: bool,
    greeted: bool,
    /// A close frame came: it goes once it has answered.
    leaving: bool,
    last: Option<u32>,
}

impl Peer {
    /// A client at this socket, which must not block.
    pub fn new(sid: u64, socket: UnixStream) -> Self {
        Self {
            sid,
            socket: Some(socket),
            decoder: Decoder::new(Role::Client, 2 * LARGEST),
            out: Vec::new(),
            number: 0,
            sent: VecDeque::new(),
            unacknowledged: BTreeSet::new(),
            due: VecDeque::new(),
            arrived: BTreeSet::new(),
            is_wild: false,
            greeted: false,
            leaving: false,
            last: None,
        }
    }

    /// Whether it still is there.
    pub fn is_connected(&self) -> bool {
        self.socket.is_some()
    }

    /// Bytes that it has not written yet.
    pub fn unwritten(&self) -> usize {
        self.out.len()
    }

    /// One thing it may do.
    pub fn act(&mut self, input: &mut Input<'_>) {
        match input.byte() % 16 {
            0..=3 => self.message(input),
            4 => self.speak(input),
            5 | 6 => self.write(input.short()),
            7 | 8 => self.write(usize::MAX),
            9 | 10 => self.read(input.short()),
            11 => self.read(usize::MAX),
            12 | 13 => self.acknowledge(usize::from(input.byte())),
            14 => self.misbehave(input),
            _ => self.ping(),
        }
    }

    fn message(&mut self, input: &mut Input<'_>) {
        let kind = input.byte();
        let ack = self.number();
        let payload = payload(ack, input);
        let payload = &payload;
        let frame = match kind % 3 {
            0 => Frame::Utf8 { ack, payload },
            1 => Frame::Binary { ack, payload },
            _ => Frame::Error { ack, payload },
        };
        self.sent.push_back((frame.frame_type(), ack, payload.len()));
        self.send(&frame);
    }

    /// Anything but a message: who does not announce transactions before is closed.
    fn speak(&mut self, input: &mut Input<'_>) {
        let (choice, tx_id) = (input.byte() % 8, u32::from(input.byte() % 4));
        let ack = self.number();
        let name = payload(ack, input);
        let frame = match choice {
            0 | 1 => Frame::EndpointInfo { ack, version: VERSION, features: 1 },
            2 => Frame::TxStart { ack, tx_id, byte_length: -1, name: &name },
            3 | 4 => Frame::TxChunk { tx_id, seq: ack, payload: &name },
            5 => Frame::TxFinish { ack, tx_id },
            6 => Frame::TxCancel { ack, tx_id },
            _ => Frame::TxFlow { ack, behaviour: FlowBehaviour::Pull },
        };
        self.is_wild |= self.unannounced(&frame);
        self.send(&frame);
    }

    /// A transaction frame before it said that it takes part in any.
    fn unannounced(&mut self, frame: &Frame<'_>) -> bool {
        // Anything that has its number is enough to know: the announcement is a frame like others.
        if matches!(frame, Frame::EndpointInfo { .. }) {
            self.greeted = true;
        }
        !self.greeted
    }

    /// Says something that needs no answer but a pong.
    pub fn ping(&mut self) {
        let ack = self.number();
        self.send(&Frame::Ping { ack });
    }

    fn misbehave(&mut self, input: &mut Input<'_>) {
        self.is_wild = true;
        match input.byte() % 4 {
            0 => self.out.extend_from_slice(input.blob()),
            1 => websocket::put_message(&mut self.out, Role::Client, input.blob(), &[]),
            2 => websocket::put_close(&mut self.out, Role::Client, 1000, ""),
            _ => self.socket = None,
        }
    }

    fn number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    fn send(&mut self, frame: &Frame<'_>) {
        if !matches!(frame, Frame::Ack { .. } | Frame::Ping { .. } | Frame::Pong { .. }) {
            self.unacknowledged.extend(frame.ack());
        }
        websocket::put_message(&mut self.out, Role::Client, &frame.head(self.sid), frame.tail());
    }

    /// Acknowledges the next `count` frames; how many there were.
    pub fn acknowledge(&mut self, count: usize) {
        for ack in self.due.drain(..count.min(self.due.len())).collect::<Vec<_>>() {
            self.send(&Frame::Ack { ack });
        }
    }

    /// Writes up to `count` bytes of what it has to say.
    pub fn write(&mut self, count: usize) {
        let Some(socket) = &mut self.socket else { return };
        let count = count.min(self.out.len());
        // What the socket does not take now, or never again, is no concern of the client's.
        let written = socket.write(self.out.get(..count).unwrap_or_default()).unwrap_or_default();
        self.out.drain(..written);
        if self.leaving && self.out.is_empty() {
            self.socket = None;
        }
    }

    /// Reads up to `count` bytes.
    pub fn read(&mut self, mut count: usize) {
        let mut buffer = [0; 4096];
        while count > 0
            && let Some(socket) = &mut self.socket
        {
            let most = count.min(buffer.len());
            let Some(target) = buffer.get_mut(..most) else { return };
            match socket.read(target) {
                Ok(0) => self.socket = None,
                Ok(length) => {
                    count -= length;
                    self.take(&mut target[..length]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(_) => self.socket = None,
            }
        }
    }

    fn take(&mut self, input: &mut [u8]) {
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::new(Role::Client, 2 * LARGEST));
        let fed = decoder.feed(input, |item| match item {
            Item::Text(message) | Item::Binary(message) => self.frame(message.as_slice()),
            Item::Ping(_) | Item::Pong => {}
            Item::Close { code, .. } => {
                assert!(!std::mem::replace(&mut self.leaving, true), "closed twice");
                self.is_wild = true;
                websocket::put_close(&mut self.out, Role::Client, code.unwrap_or(1000), "");
            }
        });
        self.decoder = decoder;
        fed.expect("the server keeps to WebSocket");
    }

    fn frame(&mut self, message: &[u8]) {
        let decoded = protocol::decode(message).expect("only legal frames come");
        assert_eq!(decoded.sid, self.sid);
        let frame = decoded.frame;
        if let Frame::Ack { ack } = frame {
            assert!(self.unacknowledged.remove(&ack) || self.is_wild, "{ack} was acknowledged already");
            return;
        }
        if let Frame::Ping { .. } | Frame::Pong { .. } = frame {
            return;
        }
        if let Some(ack) = frame.ack() {
            let first = matches!(frame, Frame::EndpointInfo { .. });
            assert!(first == self.last.is_none() || matches!(frame, Frame::Bye { .. }), "{frame:?} came first");
            assert!(self.last.is_none_or(|last| last < ack), "number {ack} came after {:?}", self.last);
            self.last = Some(ack);
            self.due.push_back(ack);
        }
        if let Frame::Utf8 { payload, .. } | Frame::Binary { payload, .. } | Frame::Error { payload, .. } = frame {
            let serial = serial(payload);
            assert!(self.arrived.last().is_none_or(|last| *last < serial), "{serial} came late");
            self.arrived.insert(serial);
        }
    }
}
