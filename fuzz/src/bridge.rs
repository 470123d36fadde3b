//! The bridge to JavaScript: commands of any words and payloads against real sessions, and events into arrays of any size. Nothing may
//! panic, and what comes out is well-formed.

use std::sync::Arc;

use cryo_server::bridge::commands;
use cryo_server::bridge::delivery::Delivery;
use cryo_server::bridge::dirty::Dirty;
use cryo_server::net::socket::Socket;
use cryo_server::net::websocket::Role;
use cryo_server::net::write_buffer::WriteBuffer;
use cryo_server::server::Shared;
use cryo_server::server::connection::link::Link;
use cryo_server::server::events::batch::{Batch, Code, LARGE, LARGE_FLAG, WORDS};
use cryo_server::server::events::source::SessionSource;
use cryo_server::server::registry::SlotId;
use cryo_server::server::settings::Settings;
use cryo_server::session::config::Config;
use cryo_server::session::{Hooks, Session};
use tokio::net::UnixStream;

use super::input::Input;

const SESSIONS: u32 = 3;

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
}

/// Reads commands, received messages and array sizes from `data`.
pub fn run(data: &[u8]) {
    RUNTIME.with(|runtime| {
        let _entered = runtime.enter();
        let mut bridge = Bridge::new();
        let mut input = Input::new(data);
        while !input.is_empty() {
            match input.byte() % 4 {
                0 | 1 => bridge.command(&mut input),
                2 => bridge.receive(&mut input),
                _ => bridge.deliver(&mut input),
            }
        }
    });
}

struct Bridge {
    shared: Arc<Shared>,
    links: Vec<Arc<Link>>,
    /// The other ends, which never read.
    _peers: Vec<UnixStream>,
    delivery: Delivery,
}

impl Bridge {
    fn new() -> Self {
        let shared = Shared::new(settings(), None, Box::new(|| ()));
        let config = &shared.settings.session;
        let (mut links, mut peers) = (Vec::new(), Vec::new());
        for slot in 0..SESSIONS {
            let (ours, theirs) = UnixStream::pair().expect("two sockets");
            let (_, write) = Socket::Unix(ours).into_split();
            let sid = u64::from(slot) + 1;
            let session = Session::new(sid, Arc::clone(config));
            let link =
                Link::new(SlotId { slot, generation: 0 }, sid, session, WriteBuffer::new(Role::Server), None, write);
            shared.inbox.write(|filling| filling.batch.opened(&link, &SessionSource::Client { number: slot }));
            link.lock().with(shared.now(), Batch::default().sink(slot, 0), |session, io| session.greet(io));
            links.push(link);
            peers.push(theirs);
        }
        Self { shared, links, _peers: peers, delivery: Delivery::default() }
    }

    /// A list of commands, most of them meant for a session that is there.
    fn command(&mut self, input: &mut Input<'_>) {
        let (mut words, mut payloads) = (Vec::new(), Vec::new());
        for _ in 0..input.byte() % 8 {
            let descriptor =
                [u32::from(input.byte()) % (SESSIONS + 1), u32::from(input.byte()) % 24, input.word(), input.word()];
            let payload = input.blob();
            // Now and then a length that is not its payload's.
            let length = if input.byte() == 0xff { input.word() } else { payload.len() as u32 };
            words.extend_from_slice(&descriptor);
            words.push(length);
            payloads.extend_from_slice(payload);
        }
        words.truncate(words.len() - usize::from(input.byte() == 0xff && !words.is_empty()));
        let (mut dirty, mut events) = (Dirty::default(), Batch::default());
        let now = self.shared.now();
        let delivery = &mut self.delivery;
        let mut dispatcher =
            commands::Dispatcher { shared: &self.shared, now, delivery, dirty: &mut dirty, events: &mut events };
        dispatcher.dispatch(&words, &payloads);
        check(&events);
        dirty.write(now, &mut events);
        self.shared.post(events);
    }

    fn receive(&mut self, input: &mut Input<'_>) {
        let Some(link) = self.links.get(usize::from(input.byte()) % self.links.len()) else { return };
        let hooks = Hooks(input.byte() % 8);
        let mut message = input.blob().to_vec();
        // Now and then one whose payload travels by itself.
        if input.byte() >= 0xc0 {
            message.resize(message.len() + LARGE, b'x');
        }
        let now = self.shared.now();
        self.shared.inbox.write(|filling| {
            let number = filling.number;
            let mut core = link.lock();
            core.with(now, filling.batch.sink(link.slot, number), |session, io| {
                if let Err(fault) = session.receive(message.into(), hooks, io) {
                    session.close_on_fault(&fault, io);
                }
            });
            filling.flush_after(link);
            check(&filling.batch);
        });
    }

    /// Takes events as `lib/bridge/bridge.js` does, into arrays of these sizes.
    fn deliver(&mut self, input: &mut Input<'_>) {
        let mut words = vec![0; usize::from(input.byte())];
        let mut bytes = vec![0; input.short() % 4096];
        let count = self.delivery.next(&self.shared, &mut words, &mut bytes);
        assert!(count * WORDS <= words.len());
        let mut length = 0;
        for event in words.chunks_exact(WORDS).take(count) {
            length += inline_length(event);
            if is_large(event) {
                let mut payload = vec![0; event.last().map_or(0, |length| *length as usize)];
                assert!(self.delivery.take_large(&mut payload), "no such large payload");
            }
        }
        assert!(length <= bytes.len(), "payloads beyond the array");
        assert!(!self.delivery.is_through() || !self.delivery.take_large(&mut [0]), "a payload of no event");
        assert!(self.delivery.take_relay().is_none());
        if self.delivery.is_through() {
            self.shared.flush_delivered();
        }
    }
}

fn check(batch: &Batch) {
    assert_eq!(batch.words.len() % WORDS, 0);
    let lengths: usize = batch.words.chunks_exact(WORDS).map(inline_length).sum();
    assert_eq!(lengths, batch.bytes.len(), "the payloads are not those of the events");
    let large = batch.words.chunks_exact(WORDS).filter(|event| is_large(event));
    let lengths: usize = large.filter_map(|event| event.last()).map(|length| *length as usize).sum();
    assert_eq!(lengths, batch.large.bytes(), "the large payloads are not those of the events");
}

/// Bytes of an event's payload in the common array.
fn inline_length(event: &[u32]) -> usize {
    let [_, code, .., length] = event else { return 0 };
    assert!(Code::from_number(*code & 0xff).is_some(), "event {code}");
    if is_large(event) { 0 } else { *length as usize }
}

/// Whether an event's payload travels by itself.
fn is_large(event: &[u32]) -> bool {
    event.get(1).is_some_and(|code| code >> 8 & LARGE_FLAG != 0)
}

fn settings() -> Settings {
    Settings {
        session: Arc::new(Config {
            max_queued_bytes: 4096,
            high_water_mark: 1024,
            low_water_mark: 512,
            ..Config::default()
        }),
        ..Settings::default()
    }
}
