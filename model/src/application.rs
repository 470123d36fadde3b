//! The JavaScript thread, with the event loop's way to sleep: `src/bridge/exchange.rs`, `give_and_take` and `flush`,
//! `src/bridge/event_loop.rs`, `read`, and `lib/bridge/bridge.js`, `wake`.

use std::sync::Arc;

use loom::sync::Notify;

use crate::bridge::commands::{Command, Dispatcher};
use crate::bridge::delivery::Delivery;
use crate::bridge::dirty::Dirty;
use crate::net::watch::Watch;
use crate::server::Shared;
use crate::server::events::batch::{Batch, Code, WORDS};
use crate::server::events::inbox::Wake;

/// An application that knows one session at most, in slot 0.
pub struct Application {
    bell: Arc<Notify>,
    delivery: Delivery,
    commands: Vec<u32>,
    /// Commands for when it has come to the end of what there is.
    later: Vec<(Command, u32)>,
    /// What it was told, in command.
    pub heard: Vec<Code>,
}

impl Application {
    /// One that sleeps, and what wakes it. Waking it twice before it looks is waking it once, as with libuv.
    pub fn new() -> (Self, Wake) {
        let bell = Arc::new(Notify::new());
        let ring = Arc::clone(&bell);
        let delivery = Delivery::default();
        let application = Self { bell, delivery, commands: Vec::new(), later: Vec::new(), heard: Vec::new() };
        (application, Box::new(move || ring.notify()))
    }

    /// What its event loop watches sockets with.
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.bell))
    }

    /// Gives a command without payload, with the next exchange or flush.
    pub fn command(&mut self, command: Command, a: u32) {
        self.commands.extend_from_slice(&[0, command as u32, a, 0, 0]);
    }

    /// Gives a command when it has come to the end of what there is.
    pub fn command_later(&mut self, command: Command, a: u32) {
        self.later.push((command, a));
    }

    /// Sleeps, and handles what there is, until the session is over.
    pub fn run(&mut self, shared: &Shared, mut handle: impl FnMut(&mut Self, Code)) {
        while !self.heard.contains(&Code::Closed) {
            self.bell.wait();
            let attended = shared.inbox.attend();
            if !shared.lending.read(shared.now()) && shared.inbox.withdraw(attended) {
                continue;
            }
            while let Some(codes) = self.exchange(shared) {
                for code in codes {
                    self.heard.push(code);
                    handle(self, code);
                }
            }
            for (command, a) in std::mem::take(&mut self.later) {
                self.command(command, a);
                self.flush(shared);
            }
        }
    }

    /// Gives the commands and writes what they send.
    pub fn flush(&mut self, shared: &Shared) {
        let (mut dirty, mut events) = (Dirty::default(), Batch::default());
        let commands = std::mem::take(&mut self.commands);
        let delivery = &mut self.delivery;
        let now = shared.now();
        Dispatcher { shared, now, delivery, dirty: &mut dirty, events: &mut events }.dispatch(&commands, &[]);
        dirty.write(now, &mut events);
        shared.post(events);
    }

    fn exchange(&mut self, shared: &Shared) -> Option<Vec<Code>> {
        self.flush(shared);
        if self.delivery.is_through() {
            shared.flush_delivered();
        }
        let (mut words, mut bytes) = ([0; 16 * WORDS], [0; 1024]);
        let count = self.delivery.next(shared, &mut words, &mut bytes);
        let events = words.as_chunks::<WORDS>().0.iter().take(count);
        let codes = events.map(|[_, code, ..]| Code::from_number(*code & 0xff).unwrap()).collect();
        (count > 0).then_some(codes)
    }
}
