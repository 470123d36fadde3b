//! The session against a wire and an application that only take notes.
//!
//! | module | shows |
//! |---|---|
//! | `conversation` | greeting, messages and their ACKs, verdicts, what breaks the protocol |
//! | `sends` | numbering, order, settlements |
//! | `stream_properties` | what holds for streams whatever happens |
//! | `streams` | transactions, and room for chunks |
//! | `backpressure` | water marks, caps, what may be dropped |
//! | `heartbeat` | who is alive, who is dead, overdue ACKs |
//! | `leaving` | every way out |
//! | `properties` | what holds whatever happens |

mod backpressure;
mod conversation;
mod heartbeat;
mod leaving;
mod properties;
mod sends;
mod stream_properties;
mod streams;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::config::Config;
use super::{Event, Events, Fault, Hooks, Io, MessageKind, Micros, Outcome, Session, Side, Step, Wire};
use crate::protocol::{self, FEATURE_TRANSACTIONS, FlowBehaviour, Frame, VERSION};

const SID: u64 = 7;

/// What a session did, in order, whichever side it did it to.
#[derive(Debug, Clone, PartialEq)]
enum Did {
    Frame(Frame<'static>),
    Close(u16, String),
    Connected(bool),
    Message { kind: MessageKind, ack: u32, payload: Vec<u8>, verdict: bool },
    Settled(u32, Outcome),
    StreamStarted { tx_id: u32, byte_length: i32, name: Vec<u8> },
    StreamChunk { tx_id: u32, seq: u32, payload: Vec<u8> },
    StreamFinished(u32),
    StreamCancelled(Side, u32),
    RangeRequested(u32, u32, u32),
    FlowChanged(FlowBehaviour),
    StreamSettled(u32, Step, Outcome),
    Room(usize),
}

type Notes = Rc<RefCell<Vec<Did>>>;

/// A socket that takes bytes when it is told to.
#[derive(Default)]
struct Socket {
    notes: Notes,
    pending: usize,
    taken: u64,
}

impl Wire for Socket {
    fn frame(&mut self, head: &[u8], tail: &[u8]) {
        // Leaked, so that notes need no lifetime.
        let bytes = [head, tail].concat().leak();
        let decoded = protocol::decode(bytes).expect("only legal frames leave");
        assert_eq!(decoded.sid, SID);
        self.pending += bytes.len();
        self.notes.borrow_mut().push(Did::Frame(decoded.frame));
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.notes.borrow_mut().push(Did::Close(code, reason.into()));
    }

    fn pending(&self) -> usize {
        self.pending
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

struct Application {
    notes: Notes,
    batch: u64,
}

impl Events for Application {
    fn batch(&self) -> u64 {
        self.batch
    }

    fn event(&mut self, event: Event<'_>) {
        self.notes.borrow_mut().push(match event {
            Event::Connected { transactions } => Did::Connected(transactions),
            Event::Message { kind, ack, body, verdict } => {
                Did::Message { kind, ack, payload: body.as_slice().into(), verdict }
            }
            Event::Settled { token, outcome } => Did::Settled(token, outcome),
            Event::StreamStarted { tx_id, byte_length, name } => {
                Did::StreamStarted { tx_id, byte_length, name: name.into() }
            }
            Event::StreamChunk { tx_id, seq, body } => Did::StreamChunk { tx_id, seq, payload: body.as_slice().into() },
            Event::StreamFinished { tx_id } => Did::StreamFinished(tx_id),
            Event::StreamCancelled { side, tx_id } => Did::StreamCancelled(side, tx_id),
            Event::RangeRequested { tx_id, start, end } => Did::RangeRequested(tx_id, start, end),
            Event::FlowChanged(behaviour) => Did::FlowChanged(behaviour),
            Event::StreamSettled { tx_id, step, outcome } => Did::StreamSettled(tx_id, step, outcome),
            Event::Room { left } => Did::Room(left),
        });
    }
}

/// A session and what surrounds it.
struct Rig {
    session: Session,
    socket: Socket,
    application: Application,
    hooks: Hooks,
    now: Micros,
    /// The socket takes what it gets at once.
    flowing: bool,
}

impl Rig {
    /// A session that has not sent ENDPOINT_INFO yet.
    fn silent(config: Config) -> Self {
        let notes = Notes::default();
        Self {
            session: Session::new(SID, Arc::new(config)),
            socket: Socket { notes: Rc::clone(&notes), pending: 0, taken: 0 },
            application: Application { notes, batch: 1 },
            hooks: Hooks(0),
            now: 0,
            flowing: true,
        }
    }

    /// A session whose ENDPOINT_INFO has left and is acknowledged, with nothing noted yet.
    fn greeted(config: Config) -> Self {
        let mut rig = Self::silent(config);
        rig.call(Session::greet);
        rig.receive(&Frame::Ack { ack: 0 });
        rig.did();
        rig
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut Session, &mut Io<'_, Socket, Application>) -> R) -> R {
        let mut io = Io { now: self.now, wire: &mut self.socket, events: &mut self.application };
        let result = call(&mut self.session, &mut io);
        if self.flowing {
            self.take(usize::MAX);
        }
        result
    }

    /// The socket takes that many bytes, refilled as it goes. It flushes at least once.
    fn take(&mut self, mut bytes: usize) {
        loop {
            let taken = bytes.min(self.socket.pending);
            bytes -= taken;
            self.socket.pending -= taken;
            self.socket.taken += taken as u64;
            let mut io = Io { now: self.now, wire: &mut self.socket, events: &mut self.application };
            self.session.drained(&mut io);
            if bytes == 0 || self.socket.pending == 0 {
                return;
            }
        }
    }

    fn send(&mut self, text: &str, token: u32) {
        self.call(|session, io| session.send(MessageKind::Utf8, text.as_bytes(), token, io));
    }

    fn send_error(&mut self, text: &str, token: u32) {
        self.call(|session, io| session.send(MessageKind::Error, text.as_bytes(), token, io));
    }

    fn try_receive(&mut self, frame: &Frame<'_>) -> Result<(), Fault> {
        let bytes = [&*frame.head(SID), frame.tail()].concat();
        let hooks = self.hooks;
        self.call(|session, io| session.receive(bytes.into(), hooks, io))
    }

    fn receive(&mut self, frame: &Frame<'_>) {
        self.try_receive(frame).expect("a legal frame");
    }

    fn announce(&mut self) {
        self.receive(&Frame::EndpointInfo { ack: 0, version: VERSION, features: FEATURE_TRANSACTIONS });
    }

    /// What happened since the last call.
    fn did(&self) -> Vec<Did> {
        self.socket.notes.take()
    }
}

fn text(ack: u32, payload: &'static str) -> Did {
    Did::Frame(Frame::Utf8 { ack, payload: payload.as_bytes() })
}

fn ack(ack: u32) -> Did {
    Did::Frame(Frame::Ack { ack })
}

fn greeting() -> Did {
    Did::Frame(Frame::EndpointInfo { ack: 0, version: VERSION, features: FEATURE_TRANSACTIONS })
}

fn acknowledged(token: u32) -> Did {
    Did::Settled(token, Outcome::Acknowledged)
}

fn dropped(token: u32) -> Did {
    Did::Settled(token, Outcome::Dropped)
}

fn received(kind: MessageKind, ack: u32, payload: &str) -> Did {
    Did::Message { kind, ack, payload: payload.into(), verdict: false }
}
