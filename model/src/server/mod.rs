//! The server's parts at the bridge as they are, and around them what they carry, or touch without waiting for it.

pub mod connection;
pub mod events;

#[path = "../../../src/server/commands.rs"]
pub mod commands;
#[path = "../../../src/server/output.rs"]
pub mod output;
#[path = "../../../src/server/registry.rs"]
pub mod registry;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::Mutex;
use crate::net::socket::Client;
use crate::net::websocket::{Decoder, Role};
use crate::net::write_buffer::WriteBuffer;
use crate::rustls::{ClientConfig, ServerConfig};
use crate::session::config::Config;
use crate::session::{Hooks, Micros, Session};
use connection::driver;
use connection::lending::Lending;
use connection::link::Link;
use connection::read_size::Neighbours;
use events::inbox::{Inbox, Wake};
use events::source::SessionSource;
use handshake::Answer;
use handshake::peer::ConnectRequest;
use http::passthrough::Wanted;
use registry::Registry;

pub mod handshake {
    numbered! {
        pub enum Answer {
            Reject = 0,
            Accept = 1,
            Failed = 2,
            OriginRefused = 3,
        }
    }

    pub mod peer {
        pub struct ConnectRequest;
    }
}

pub mod limits {
    #[derive(Debug)]
    pub struct ConnectionPermit;

    impl ConnectionPermit {
        pub fn leave(&self, _bytes: usize) {}
    }
}

pub mod http {
    pub mod passthrough {
        pub struct Wanted(pub u8);
    }

    pub mod relay {
        #[derive(Debug)]
        pub struct Relay {
            pub id: u32,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    Running,
    Leaving,
}

pub struct Settings {
    pub close_timeout: Duration,
    pub session: Arc<Config>,
}

/// Something to tell, which nobody waits for here.
#[derive(Default)]
pub struct Untold;

impl Untold {
    fn notify_one(&self) {}

    fn closed(&self, _code: u16) {}

    fn send_modify(&self, _change: impl FnOnce(&mut Stop)) {}

    fn send_replace(&self, _value: ()) {}
}

pub struct Shared {
    pub settings: Settings,
    pub inbox: Inbox,
    pub lending: Lending,
    pub neighbours: Neighbours,
    registry: Mutex<Registry>,
    hooks: AtomicU8,
    wanted: AtomicU8,
    tls: Mutex<Option<Arc<ServerConfig>>>,
    peer_tls: Mutex<Option<Arc<ClientConfig>>>,
    answers: Mutex<HashMap<u32, mpsc::Sender<Answer>>>,
    connect_requests: mpsc::Sender<ConnectRequest>,
    awaiting: Mutex<Vec<Arc<Link>>>,
    awaiting_grew: Untold,
    late: Untold,
    metrics: Untold,
    dismissals: Untold,
    stop: Untold,
}

impl Shared {
    pub fn new(config: Config, close_timeout: Duration, wake: Wake) -> Arc<Self> {
        Arc::new(Self {
            settings: Settings { close_timeout, session: Arc::new(config) },
            inbox: Inbox::new(wake),
            lending: Lending::new(2, Duration::from_secs(15)),
            neighbours: Neighbours::default(),
            registry: Mutex::default(),
            hooks: AtomicU8::default(),
            wanted: AtomicU8::default(),
            tls: Mutex::default(),
            peer_tls: Mutex::default(),
            answers: Mutex::default(),
            connect_requests: mpsc::channel().0,
            awaiting: Mutex::default(),
            awaiting_grew: Untold,
            late: Untold,
            metrics: Untold,
            dismissals: Untold,
            stop: Untold,
        })
    }

    pub fn now(&self) -> Micros {
        0
    }

    pub fn hooks(&self) -> Hooks {
        Hooks(self.hooks.load(Ordering::Relaxed))
    }

    /// As `handshake::opening::open` does it: session 1, and the future that serves it.
    pub fn open(self: &Arc<Self>, client: &Arc<Client>) -> (Arc<Link>, impl Future<Output = ()> + use<>) {
        let (read, write) = client.split();
        let config = Arc::clone(&self.settings.session);
        let link = self
            .registry
            .lock()
            .open(1, |id| Link::new(id, 1, Session::new(1, config), WriteBuffer::new(Role::Server), None, write));
        self.inbox.write(|filling| filling.batch.opened(&link, &SessionSource::Client { number: 0 }));
        let decoder = Decoder::new(Role::Server, 1 << 16);
        let connection = driver::serve(Arc::clone(self), Arc::clone(&link), read, decoder, Vec::new());
        (link, connection)
    }
}
