//! The session as a state machine: arbitrary frames, application calls, time and verdicts in any order. What may happen at all is
//! asserted by [`witness`], what is due for a frame of the peer's by [`peer`], and order, caps and settlement here.

mod peer;
mod step;
mod witness;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use cryo_server::protocol::{Frame, FrameType};
use cryo_server::session::acks::ACK_TIMEOUT;
use cryo_server::session::config::{Config, DropPolicy};
use cryo_server::session::{Hooks, Io, Micros, Session};

use super::input::Input;
use witness::{Application, Left, Socket};

const SID: u64 = 7;

/// Bytes of the largest message that the steps send.
const LARGEST: usize = 13 + 255;

/// Reads a configuration and then steps from `data`.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(config(&mut input));
    while !input.is_empty() {
        step::take(&mut rig, &mut input);
        rig.check();
    }
    rig.finish();
}

fn config(input: &mut Input<'_>) -> Config {
    let high_water_mark = usize::from(input.byte()) * 2 + 1;
    Config {
        high_water_mark,
        low_water_mark: high_water_mark * usize::from(input.byte()) / 255,
        max_queued_bytes: usize::from(input.byte()) * 2 + 1,
        max_queue_count: usize::from(input.byte()) % 9 + 1,
        drop_policy: match input.byte() % 3 {
            0 => DropPolicy::Oldest,
            1 => DropPolicy::Newest,
            _ => DropPolicy::Dedupe,
        },
        keep_late: input.flag(),
        max_payload: usize::from(input.byte()) * 2,
        ..Config::default()
    }
}

/// A frame that was asked for and has neither left nor been dropped.
struct Asked {
    frame_type: FrameType,
    tail: Vec<u8>,
    /// 0 where nobody waits for its end, or a stream does.
    token: u32,
    /// Its number, if the peer has acknowledged it before it left: it may then be dropped in silence.
    lie: Option<u32>,
}

/// A session between its witnesses.
struct Rig {
    session: Session,
    socket: Socket,
    application: Application,
    config: Arc<Config>,
    hooks: Hooks,
    now: Micros,
    /// What must leave, in this order.
    asked: VecDeque<Asked>,
    /// Something was asked for before the greeting, when there are no caps.
    early: bool,
    /// Of the last send, and of the last stream of ours.
    token: u32,
    stream: u32,
    /// Our streams that were finished, which happens once.
    finished: HashSet<u32>,
    /// The peer gave a sign of life since the last heartbeat round.
    heard: bool,
    /// Bytes received, and messages dropped.
    received: u64,
    dropped: u64,
}

impl Rig {
    fn new(config: Config) -> Self {
        let config = Arc::new(config);
        Self {
            session: Session::new(SID, Arc::clone(&config)),
            socket: Socket::default(),
            application: Application { batch: 1, ..Application::default() },
            config,
            hooks: Hooks(0),
            now: 0,
            asked: VecDeque::new(),
            early: false,
            token: 0,
            stream: 0,
            finished: HashSet::new(),
            heard: false,
            received: 0,
            dropped: 0,
        }
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut Session, &mut Io<'_, Socket, Application>) -> R) -> R {
        let mut io = Io { now: self.now, wire: &mut self.socket, events: &mut self.application };
        call(&mut self.session, &mut io)
    }

    /// The next send's token.
    fn token(&mut self) -> u32 {
        self.token += 1;
        self.token
    }

    /// Such a frame is about to be asked for. Whether the session takes any.
    fn ask(&mut self, frame_type: FrameType, token: u32, tail: &[u8]) -> bool {
        let is_taken = !self.session.is_closed() && !self.session.is_leaving();
        if is_taken {
            self.early |= !self.session.is_greeted();
            self.asked.push_back(Asked { frame_type, tail: tail.to_vec(), token, lie: None });
            if token != 0 {
                self.application.unsettled.insert(token);
            }
        }
        is_taken
    }

    /// The socket takes up to `bytes`, refilled as it goes.
    fn drain(&mut self, mut bytes: usize) {
        let was_closed = self.session.is_closed();
        loop {
            bytes -= self.socket.take(bytes);
            self.call(Session::drained);
            if bytes == 0 || self.socket.pending == 0 {
                break;
            }
        }
        if !was_closed && self.session.is_closed() {
            self.account();
            assert!(self.has_nothing_to_send(), "it has left before what was sent");
        }
    }

    /// What is left in the model was acknowledged too early, and dropped.
    fn has_nothing_to_send(&self) -> bool {
        self.asked.iter().all(|asked| asked.lie.is_some())
    }

    /// After each step.
    fn check(&mut self) {
        self.account();
        if self.session.is_closed() {
            self.asked.clear();
        }
        assert_eq!(self.session.is_closed(), self.socket.closed, "a close frame and nothing else closes");
        assert!(self.socket.answers.is_empty(), "nobody asked for {:?}", self.socket.answers);
        let (received, sent, dropped) = self.session.counters();
        assert_eq!((received, sent), (self.received, self.socket.written), "bytes counted");
        assert!(dropped >= self.dropped, "{} messages dropped, not {dropped}", self.dropped);
        self.check_caps();
        let Application { batch, in_batch, held, .. } = self.application;
        assert_eq!(self.session.window.unread(batch - 1), in_batch + held, "bytes not handled yet");
    }

    /// What was asked for is now dropped, has left, or was acknowledged before it left.
    fn account(&mut self) {
        for token in std::mem::take(&mut self.application.dropped) {
            self.dropped += 1;
            let at = self.asked.iter().position(|asked| asked.token == token).expect("what is dropped has not left");
            let asked = self.asked.remove(at).expect("it is there");
            assert!(is_droppable(asked.frame_type), "a {:?} was dropped", asked.frame_type);
        }
        for frame in std::mem::take(&mut self.socket.left) {
            self.leaves(&frame);
        }
        for (token, number) in std::mem::take(&mut self.application.acknowledged) {
            if let Some(asked) = self.asked.iter_mut().find(|asked| asked.token == token) {
                asked.lie = Some(number);
            }
        }
    }

    /// A frame has left: it is the one that was asked for first, of those that were not dropped.
    fn leaves(&mut self, (frame_type, number, tail): &Left) {
        while let Some(Asked { lie: Some(lie), frame_type, .. }) = self.asked.front()
            && is_droppable(*frame_type)
            && Some(*lie) != *number
        {
            self.dropped += 1;
            self.asked.pop_front();
        }
        let asked = self.asked.pop_front().expect("only what was asked for leaves");
        assert_eq!((asked.frame_type, &asked.tail), (*frame_type, tail), "out of order");
    }

    fn check_caps(&self) {
        let waiting = self.asked.iter().filter(|asked| is_droppable(asked.frame_type) && asked.lie.is_none());
        let sizes: Vec<_> = waiting.map(|asked| asked.frame_type.head_len() + asked.tail.len()).collect();
        // Until the greeting the outbox stands in for the socket. An empty one takes any message.
        let allowance = if self.early { self.config.high_water_mark + LARGEST } else { 0 };
        let (bytes, most) = (sizes.iter().sum::<usize>(), self.config.max_queued_bytes.max(LARGEST) + allowance);
        assert!(bytes <= most, "{bytes} bytes wait, not {most}");
        let most = self.config.max_queue_count + allowance / 13;
        assert!(sizes.len() <= most, "{} messages wait, not {most}", sizes.len());
    }

    /// An open session loses nothing but what it said it drops, and leaves nobody waiting whose peer answers.
    fn finish(&mut self) {
        self.call(Session::greet);
        self.drain(usize::MAX);
        self.check();
        assert_eq!(self.session.queued(&self.socket), (0, 0), "an idle socket, and yet something waits");
        assert!(!self.session.is_leaving(), "nothing is left to send, and yet it has not left");
        if self.session.is_closed() {
            return;
        }
        assert!(self.has_nothing_to_send(), "messages lost");
        assert_eq!(self.session.counters().2, self.dropped + self.asked.len() as u64, "messages dropped");
        assert_eq!(self.application.awaited_room, None, "room was not told of");
        self.now += ACK_TIMEOUT;
        self.call(Session::sweep);
        assert!(self.config.keep_late || self.application.unsettled.is_empty(), "no ACK came, and nobody was told");
        for ack in std::mem::take(&mut self.socket.numbers) {
            peer::send(self, &Frame::Ack { ack });
        }
        assert!(self.application.unsettled.is_empty(), "not settled: {:?}", self.application.unsettled);
        assert!(self.application.unsettled_steps.is_empty(), "steps: {:?}", self.application.unsettled_steps);
    }
}

/// Whether a slow reader may cost such frames.
fn is_droppable(frame_type: FrameType) -> bool {
    matches!(frame_type, FrameType::Utf8Data | FrameType::BinaryData)
}
