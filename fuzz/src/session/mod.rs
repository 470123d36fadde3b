//! The session as a state machine: arbitrary frames, application calls, time and verdicts in any order. What holds whatever happens is
//! asserted by [`witness`], after each step and at the end.

mod step;
mod witness;

use std::collections::HashSet;
use std::sync::Arc;

use cryo_server::session::config::{Config, DropPolicy};
use cryo_server::session::{Hooks, Io, Micros, Session};

use super::input::Input;
use witness::{Application, Socket};

const SID: u64 = 7;

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
        ..Config::default()
    }
}

/// A session between its witnesses.
struct Rig {
    session: Session,
    socket: Socket,
    application: Application,
    config: Arc<Config>,
    hooks: Hooks,
    now: Micros,
    /// Of the last send, and of the last stream of ours.
    token: u32,
    stream: u32,
    /// Our streams that were finished, which happens once.
    finished: HashSet<u32>,
    /// Bytes of what the caps don't bind.
    undroppable: usize,
    /// What the counters said last.
    counted: (u64, u64, u64),
}

impl Rig {
    fn new(config: Config) -> Self {
        let config = Arc::new(config);
        Self {
            session: Session::new(SID, Arc::clone(&config)),
            socket: Socket::default(),
            application: Application::default(),
            config,
            hooks: Hooks(0),
            now: 0,
            token: 0,
            stream: 0,
            finished: HashSet::new(),
            undroppable: 0,
            counted: (0, 0, 0),
        }
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut Session, &mut Io<'_, Socket, Application>) -> R) -> R {
        let mut io = Io { now: self.now, wire: &mut self.socket, events: &mut self.application };
        call(&mut self.session, &mut io)
    }

    /// The socket takes up to `bytes`, refilled as it goes.
    fn drain(&mut self, mut bytes: usize) {
        loop {
            bytes -= self.socket.take(bytes);
            self.call(Session::drained);
            if bytes == 0 || self.socket.pending == 0 {
                return;
            }
        }
    }

    fn check(&mut self) {
        let counters = self.session.counters();
        let before = std::mem::replace(&mut self.counted, counters);
        assert!(
            counters.0 >= before.0 && counters.1 >= before.1 && counters.2 >= before.2,
            "{before:?} to {counters:?}"
        );
        assert_eq!(counters.1, self.socket.written, "bytes counted as sent");
        assert_eq!(self.session.is_closed(), self.socket.closed, "a close frame and nothing else closes");
        let (bytes, frames) = self.session.queued(&self.socket);
        // What was let in before the greeting may outlast it; one message may be larger than the cap.
        let allowance = self.config.high_water_mark + 300;
        let most = self.config.max_queued_bytes + self.undroppable + allowance + self.socket.pending;
        assert!(bytes <= most, "{bytes} bytes wait, not {most}");
        let most = self.config.max_queue_count + self.undroppable / 13 + allowance / 13;
        assert!(frames <= most, "{frames} frames wait, not {most}");
        assert!(self.session.intake.unread(u64::MAX) <= self.application.held, "more is held than was handed over");
    }

    /// An open session loses nothing but what it said it drops.
    fn finish(&mut self) {
        if self.session.is_closed() || self.session.is_leaving() {
            return;
        }
        self.call(Session::greet);
        while self.socket.pending > 0 {
            self.drain(usize::MAX);
        }
        self.check();
        assert_eq!(self.session.queued(&self.socket), (0, 0), "an idle socket, and yet something waits");
        assert_eq!(
            self.socket.messages + self.session.counters().2,
            u64::from(self.application.sends),
            "messages lost"
        );
        for token in &self.application.dropped {
            assert!(!self.socket.serials.contains(token), "{token} was dropped, yet sent");
        }
    }
}
