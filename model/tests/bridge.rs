//! A session's whole way between the I/O thread and the application's, in every order of events. The client closes when it has got what it
//! waits for: output that is left behind, a wake-up that is lost, a reader that stays paused, or locks taken in the wrong order is a
//! deadlock here, which loom reports.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cryo_model::application::Application;
use cryo_model::bridge::commands::Command;
use cryo_model::io_thread;
use cryo_model::net::socket::{Client, acks, close, messages};
use cryo_model::protocol::FrameType;
use cryo_model::server::Shared;
use cryo_model::server::events::batch::Code;
use cryo_model::session::config::Config;
use loom::thread;

/// Room for everything.
const ENDLESS: usize = usize::MAX / 2;

/// Runs a session in every order of events, and looks at what either side has got.
struct Scenario {
    config: Config,
    /// How long the client has to answer the server's close.
    close_timeout: Duration,
    /// The room that the client has at first, and what it makes of it from a thread of its own.
    room: (usize, &'static [usize]),
    /// What it says, each once it has got so many frames.
    says: Vec<(usize, Vec<u8>)>,
    /// How often the I/O thread finds the application late.
    paces: usize,
    /// The socket is lent to the event loop whenever it may be.
    lends: bool,
    /// What the application does with an event.
    handle: fn(&mut Application, &Shared, Code),
    /// What the client gets, by type, and what the application hears.
    gets: &'static [FrameType],
    hears: &'static [Code],
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            config: Config::default(),
            close_timeout: Duration::MAX,
            room: (ENDLESS, &[]),
            says: Vec::new(),
            paces: 0,
            lends: false,
            handle: |_, _, _| (),
            gets: &[],
            hears: &[],
        }
    }
}

impl Scenario {
    fn check(self) {
        let mut model = loom::model::Builder::new();
        model.max_branches = 10_000;
        if model.preemption_bound.is_none() {
            model.preemption_bound = Some(2);
        }
        let orders = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&orders);
        model.check(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let (mut application, wake) = Application::new();
            let shared = Shared::new(self.config.clone(), self.close_timeout, wake);
            if self.lends {
                shared.lending.begin(application.watch());
            }
            let client = Client::new(self.room.0, self.says.iter().cloned());
            let (link, connection) = shared.open(&client);
            let io = thread::spawn({
                let (shared, paces) = (shared.clone(), self.paces);
                move || io_thread::run(shared, connection, paces)
            });
            let reading = (!self.room.1.is_empty()).then(|| {
                let (client, portions) = (client.clone(), self.room.1);
                thread::spawn(move || portions.iter().for_each(|bytes| client.read(*bytes)))
            });
            application.run(&shared, |application, code| (self.handle)(application, &shared, code));
            reading.into_iter().chain([io]).for_each(|thread| thread.join().expect("a thread"));
            let (mut got, closed) = client.got();
            // ACKs and replies may leave in either order.
            got.sort_by_key(|frame_type| *frame_type as u8);
            assert!(closed, "no close frame");
            assert_eq!(got, self.gets);
            assert_eq!(application.heard, self.hears);
            assert!(link.lock().listed.is_none(), "output that is still to leave");
        });
        println!("{} orders of events", orders.load(Ordering::Relaxed));
    }
}

#[test]
fn a_message_is_answered() {
    answered().check();
}

#[test]
fn the_client_takes_its_time() {
    Scenario { room: (10, &[20, ENDLESS]), ..answered() }.check();
}

#[test]
fn the_application_is_late() {
    Scenario { paces: 2, ..answered() }.check();
}

#[test]
fn a_message_is_answered_by_the_event_loop_alone() {
    Scenario { lends: true, ..answered() }.check();
}

#[test]
fn a_lent_socket_does_not_take_what_it_is_sent() {
    Scenario { lends: true, room: (40, &[ENDLESS]), ..answered() }.check();
}

#[test]
fn a_lent_socket_is_not_read_for_a_while() {
    Scenario { lends: true, paces: 4, ..answered() }.check();
}

#[test]
fn the_application_leaves_by_a_lent_socket() {
    Scenario { lends: true, ..left() }.check();
}

#[test]
fn a_lent_socket_is_paused_until_the_application_is_through() {
    Scenario { lends: true, ..paused() }.check();
}

/// A message, a reply, the ACKs of both, and the end.
fn answered() -> Scenario {
    Scenario {
        says: vec![(0, messages(&[1])), (3, [acks(&[1]), close()].concat())],
        handle: |application, _, code| {
            if code == Code::Utf8 {
                application.command(Command::Utf8, 1);
            }
        },
        gets: &[FrameType::Utf8Data, FrameType::Ack, FrameType::EndpointInfo],
        hears: &[Code::Opened, Code::Utf8, Code::Settled, Code::Closed],
        ..Scenario::default()
    }
}

#[test]
fn the_application_sends_unasked_before_the_greeting() {
    Scenario {
        handle: |application, shared, code| {
            if code == Code::Opened {
                application.command(Command::Utf8, 1);
                application.flush(shared);
            }
        },
        ..answered()
    }
    .check();
}

#[test]
fn messages_wait_in_the_outbox() {
    Scenario {
        config: Config { high_water_mark: 1, low_water_mark: 0, ..Config::default() },
        room: (30, &[ENDLESS]),
        says: vec![(0, messages(&[1])), (4, [acks(&[1, 2]), close()].concat())],
        handle: |application, _, code| {
            if code == Code::Utf8 {
                application.command(Command::Utf8, 1);
                application.command(Command::Utf8, 2);
            }
        },
        gets: &[FrameType::Utf8Data, FrameType::Utf8Data, FrameType::Ack, FrameType::EndpointInfo],
        ..answered()
    }
    .check();
}

#[test]
fn a_reader_is_paused_until_the_application_is_through() {
    paused().check();
}

/// Two messages, of which the second is one too many until the first is delivered.
fn paused() -> Scenario {
    Scenario {
        config: Config { max_unread: 1, ..Config::default() },
        says: vec![(0, messages(&[1])), (0, messages(&[2])), (3, close())],
        gets: &[FrameType::Ack, FrameType::Ack, FrameType::EndpointInfo],
        hears: &[Code::Opened, Code::Utf8, Code::Utf8, Code::Closed],
        ..Scenario::default()
    }
}

#[test]
fn a_reader_is_paused_until_the_application_lets_go_of_what_it_holds() {
    Scenario {
        config: Config { max_unread: 100, ..Config::default() },
        says: vec![(0, messages(&[1])), (0, messages(&[2])), (3, close())],
        handle: |application, shared, code| {
            if code == Code::Utf8 {
                application.command(Command::Hold, 100);
                application.flush(shared);
                application.command_later(Command::Release, 100);
            }
        },
        gets: &[FrameType::Ack, FrameType::Ack, FrameType::EndpointInfo],
        hears: &[Code::Opened, Code::Utf8, Code::Utf8, Code::Closed],
        ..Scenario::default()
    }
    .check();
}

#[test]
fn the_application_leaves() {
    left().check();
}

#[test]
fn the_application_leaves_a_client_that_does_not_answer() {
    Scenario { says: vec![(0, messages(&[1]))], close_timeout: Duration::ZERO, ..left() }.check();
}

/// A message, a good-bye, and the client's answer.
fn left() -> Scenario {
    Scenario {
        says: vec![(0, messages(&[1])), (3, close())],
        handle: |application, _, code| {
            if code == Code::Utf8 {
                application.command(Command::Bye, 0);
            }
        },
        gets: &[FrameType::Ack, FrameType::Bye, FrameType::EndpointInfo],
        hears: &[Code::Opened, Code::Utf8, Code::Closed],
        ..Scenario::default()
    }
}
