//! A server's sessions between real sockets and an application, from the bytes a client writes to the events JavaScript gets and back:
//! reading, pausing, batches, verdicts, listed and overdue output, ends. Whatever the order, both ends of each session see the same
//! conversation; a session ends once; and when nobody has anything more to do, nothing is left anywhere in between.

mod application;
mod io;
mod peer;

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cryo_server::net::socket::Socket;
use cryo_server::net::websocket::{Decoder, Role};
use cryo_server::net::write_buffer::WriteBuffer;
use cryo_server::protocol::MAX_HEAD_LEN;
use cryo_server::server::connection::link::{Core, Link};
use cryo_server::server::events::source::SessionSource;
use cryo_server::server::registry::SlotId;
use cryo_server::server::settings::Settings;
use cryo_server::server::{Shared, connection};
use cryo_server::session::config::{Config, DropPolicy};
use cryo_server::session::{Hooks, Session, Wire};

use super::input::Input;
use application::Application;
use io::Io;
use peer::Peer;

const SESSIONS: usize = 2;

/// Bytes of the largest payload.
const LARGEST: usize = 20_000;

/// Bytes of the sockets' buffers, so that they block: the system's minimum is of this order.
const SOCKET_BUFFER: usize = 4096;

/// Reads a configuration and then steps from `data`. The connections run in between, on the same thread.
pub fn run(data: &[u8]) {
    play(data, |_| Io::here());
}

/// The same steps, while the connections run on a thread of their own.
pub fn run_on_two_threads(data: &[u8]) {
    play(data, Io::on_thread);
}

fn play(data: &[u8], io: fn(&Arc<Shared>) -> Io) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(settings(&mut input), io);
    // Now and then the thread ends in the middle of everything.
    let is_cut_short = input.byte() >= 0xe0;
    while !input.is_empty() {
        rig.step(&mut input);
    }
    if !is_cut_short {
        rig.finish();
    }
    rig.end();
}

fn settings(input: &mut Input<'_>) -> Settings {
    let high_water_mark = usize::from(input.byte()) * 64 + 1;
    Settings {
        keep_alive: Duration::from_secs(3600),
        handshake_timeout: Duration::from_secs(3600),
        max_pending_handshakes: 16,
        close_timeout: Duration::from_secs(3600),
        session: Arc::new(Config {
            high_water_mark,
            low_water_mark: high_water_mark * usize::from(input.byte()) / 255,
            max_queued_bytes: usize::from(input.byte()) * 256 + 1,
            max_queue_count: usize::from(input.byte()) % 32 + 1,
            drop_policy: match input.byte() % 2 {
                0 => DropPolicy::Oldest,
                _ => DropPolicy::Newest,
            },
            max_unread: usize::from(input.byte()) * 64 + 1,
            max_payload: LARGEST,
            ..Config::default()
        }),
        ..Settings::default()
    }
}

/// The payload of message `serial`, of a length that `input` says, now and then a large one.
fn payload(serial: u32, input: &mut Input<'_>) -> Vec<u8> {
    let length = match usize::from(input.byte()) {
        length @ 0..240 => length,
        length => (length - 239) * (LARGEST / 16),
    };
    expected(serial, length)
}

/// Its number, cut or filled to this length, and ASCII but for some.
fn expected(serial: u32, length: usize) -> Vec<u8> {
    let filling = if serial.is_multiple_of(4) { 0xc3 } else { b'x' };
    let mut payload = format!("{serial:08}").into_bytes();
    payload.resize(length.max(8), filling);
    payload
}

/// The number in a payload.
fn serial(payload: &[u8]) -> u32 {
    let digits = payload.get(..8).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).expect("a message of ours")
}

struct Rig {
    shared: Arc<Shared>,
    links: Vec<Arc<Link>>,
    peers: Vec<Peer>,
    application: Application,
    io: Io,
    /// The batch that was being filled when the pacing last looked.
    pulse: u64,
}

impl Rig {
    fn new(settings: Settings, io: fn(&Arc<Shared>) -> Io) -> Self {
        let woken = Arc::new(AtomicBool::new(false));
        let bell = Arc::clone(&woken);
        let shared = Shared::new(settings, None, Box::new(move || bell.store(true, Ordering::Relaxed)));
        let io = io(&shared);
        let application = Application::new(woken, SESSIONS, !io.is_here());
        let rig = Self { shared, links: Vec::new(), peers: Vec::new(), application, io, pulse: 0 };
        (0..SESSIONS as u32).fold(rig, Self::connect)
    }

    /// What `opening::open` does, for a session in this slot.
    fn connect(mut self, slot: u32) -> Self {
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        for socket in [&ours, &theirs] {
            socket.set_nonblocking(true).expect("a socket");
            socket2::SockRef::from(socket).set_send_buffer_size(SOCKET_BUFFER).expect("a socket");
        }
        let sid = u64::from(slot) + 1;
        let config = Arc::clone(&self.shared.settings.session);
        let decoder = Decoder::new(Role::Server, config.max_payload + MAX_HEAD_LEN);
        let shared = Arc::clone(&self.shared);
        let link = self.io.open(move || {
            let ours = tokio::net::UnixStream::from_std(ours).expect("a socket");
            let (read, write) = Socket::Unix(ours).into_split();
            let session = Session::new(sid, config);
            let link =
                Link::new(SlotId { slot, generation: 0 }, sid, session, WriteBuffer::new(Role::Server), None, write);
            shared.inbox.write(|filling| filling.batch.opened(&link, &SessionSource::Client { number: slot }));
            (Arc::clone(&link), connection::driver::serve(shared, link, read, decoder, Vec::new()))
        });
        self.links.push(link);
        self.peers.push(Peer::new(sid, theirs));
        self
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let choice = input.byte();
        let slot = choice as usize / 16 % SESSIONS;
        match choice % 16 {
            0..=4 => self.peers[slot].act(input),
            5..=8 => self.application.act(slot as u32, input),
            9 => self.application.flush(&self.shared),
            10 | 11 => drop(self.exchange(usize::from(input.byte()) + 1)),
            12 => self.shared.set_hooks(Hooks(input.byte() % 8)),
            13 => self.pace(input.flag()),
            _ => self.turn(),
        }
    }

    fn exchange(&mut self, events: usize) -> bool {
        self.application.exchange(&self.shared, &mut self.peers, events)
    }

    /// The I/O thread's turn: whatever is ready.
    fn turn(&mut self) {
        let before = self.paused();
        self.io.turn();
        let paused = before.iter().zip(self.paused()).filter_map(|(before, after)| before.zip(after));
        for (before, after) in paused {
            assert_eq!(before, after, "read on, although the application has enough");
        }
    }

    /// Bytes received by each session whose socket is not read because the application has enough of it.
    fn paused(&self) -> Vec<Option<u64>> {
        let done = self.shared.inbox.done();
        let cores = self.links.iter().map(|link| link.lock());
        let is_paused = |core: &Core| self.io.is_here() && core.paused && core.session.is_full(done);
        cores.map(|core| is_paused(&core).then(|| core.session.counters().0)).collect()
    }

    /// What `pacing` does: it looks, and some time later writes what still waits.
    fn pace(&mut self, looks: bool) {
        if looks {
            self.pulse = self.shared.inbox.pulse().0;
            return;
        }
        for link in self.shared.inbox.take_overdue(self.pulse) {
            let core = link.lock();
            if core.listed.is_some() {
                self.shared.flush(&link, core);
            }
        }
    }

    /// Everybody does what is left to do, until there is nothing.
    fn finish(&mut self) {
        self.peers.iter_mut().for_each(Peer::ping);
        assert_eq!(self.rest(), None);
    }

    /// Whatever is under way, the application hears of each session's end.
    fn end(&mut self) {
        self.io.end();
        while self.exchange(100) {}
        assert!(self.application.sessions.iter().all(|known| known.closed), "a session that has not ended");
    }

    /// Goes on until nothing moves; what is wrong then. It is not looked at twice: the I/O thread may still be at work, and is in the middle of
    /// something now and then.
    fn rest(&mut self) -> Option<&'static str> {
        let mut quiet = 0;
        loop {
            let before = self.progress();
            self.application.catch_up();
            while self.exchange(100) {}
            for peer in &mut self.peers {
                peer.read(usize::MAX);
                peer.acknowledge(usize::MAX);
                peer.write(usize::MAX);
            }
            self.turn();
            quiet = if self.progress() == before { quiet + 1 } else { 0 };
            if quiet < 2 {
                continue;
            }
            let fault = self.fault();
            if fault.is_none() || !self.io.is_busy() {
                return fault;
            }
        }
    }

    /// Bytes that the clients still have to write, bytes that have passed either way, and ends.
    fn progress(&self) -> (usize, u64, usize) {
        let unwritten = self.peers.iter().map(Peer::unwritten).sum();
        let passed = self.links.iter().map(|link| {
            let core = link.lock();
            core.session.counters().0 + core.outgoing.taken()
        });
        (unwritten, passed.sum(), self.application.sessions.iter().filter(|known| known.closed).count())
    }

    /// What is not as it should be when all have come to rest.
    fn fault(&self) -> Option<&'static str> {
        (0..SESSIONS).find_map(|slot| self.fault_of(slot))
    }

    fn fault_of(&self, slot: usize) -> Option<&'static str> {
        let (peer, known) = (&self.peers[slot], &self.application.sessions[slot]);
        let core = self.links[slot].lock();
        let arrived = &peer.arrived;
        let any = [
            (arrived.is_subset(&known.sent), "messages came that nobody sent"),
            (arrived.iter().all(|token| !known.dropped.contains(token)), "a message was dropped, yet it came"),
            (peer.is_connected() || known.closed, "the client has gone, and the session goes on"),
        ];
        let undisturbed = [
            (!known.closed && peer.is_connected(), "the session has ended, and nobody wanted it to"),
            (peer.sent.is_empty(), "there are messages that the application has not heard of"),
            (peer.unacknowledged.is_empty(), "there are frames without an ACK"),
            (known.unsettled.is_empty(), "there are sends that have not settled"),
            (arrived.len() + known.dropped.len() == known.sent.len(), "messages are lost"),
            (core.session.queued(&core.outgoing) == (0, 0), "output was left behind"),
            (core.listed.is_none() && !core.blocked && !core.paused, "the session waits for nothing"),
        ];
        let due = if peer.is_wild || known.left { [].as_slice() } else { &undisturbed };
        any.iter().chain(due).find_map(|(holds, fault)| (!holds).then_some(*fault))
    }
}
