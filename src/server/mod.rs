//! One listening server: its sessions, its rounds over them, its end. No napi: whoever embeds it takes batches of events and calls it back.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | what the server was told to do |
//! | [`io_thread`] | what the I/O thread runs: the accept loop, and the rounds beside it |
//! | [`limits`] | how many connections there may be |
//! | [`guard`] | what keeps the server from being over: those there are |
//! | [`handshake`] | one connection until it is a session, or is not |
//! | [`connection`] | one connection from then on |
//! | [`http`] | connections that Node.js serves |
//! | [`registry`] | sids and slots |
//! | [`events`] | what happens, on its way to the application |
//! | [`commands`] | what the application asks for |
//! | [`output`] | calls into sessions, and where their output and events go |
//! | [`heartbeat`] | rounds over the sessions |
//! | [`overdue`] | output that waits for the application, but not for long |
//! | [`scheduling`] | the I/O thread beside the JavaScript thread |
//! | [`metrics`] | figures for the operator |

pub mod commands;
pub mod connection;
pub mod events;
pub mod guard;
pub mod handshake;
pub mod heartbeat;
pub mod http;
pub mod io_thread;
pub mod limits;
pub mod metrics;
pub mod output;
pub mod overdue;
pub mod registry;
pub mod scheduling;
pub mod settings;

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

use connection::lending::Lending;
use connection::link::Link;
use connection::read_size::Neighbours;
use events::inbox::{Inbox, Wake};
use handshake::peer::ConnectRequest;
use handshake::reject::Lingering;
use handshake::{Answer, admission};
use heartbeat::Wheel;
use http::passthrough::Wanted;
use limits::Limits;
use metrics::Metrics;
use registry::Registry;
use settings::Settings;

use crate::session::{Hooks, Micros};

/// How far the server is with its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    Running,
    /// It takes no connections; its sessions may stay.
    Draining,
    /// It takes no connections, and its sessions are told to leave.
    Leaving,
    /// Whatever is left is dropped at once.
    Aborted,
}

/// What all parts of a server share.
pub struct Shared {
    /// What it was told to do.
    pub settings: Settings,
    /// Events on their way to the application.
    pub inbox: Inbox,
    /// Sockets that the event loop reads.
    pub lending: Lending,
    /// Who sends short messages.
    pub neighbours: Neighbours,
    /// How many connections there may be.
    pub limits: Arc<Limits>,
    registry: Mutex<Registry>,
    wheel: Mutex<Wheel>,
    /// Certificates for the handshakes to come; none without TLS.
    tls: Mutex<Option<Arc<ServerConfig>>>,
    /// Permits to ask the validator, given back when a question has been heard.
    questions: Arc<Semaphore>,
    /// Handshakes that wait for the validator, by their number.
    answers: Mutex<HashMap<u32, oneshot::Sender<Answer>>>,
    next_handshake: AtomicU32,
    /// Trust in other servers' certificates; none until the application connects to one over TLS.
    peer_tls: Mutex<Option<Arc<ClientConfig>>>,
    /// Other servers to connect to.
    connect_requests: mpsc::UnboundedSender<ConnectRequest>,
    /// Taken by the task that connects.
    incoming_connect_requests: Mutex<Option<mpsc::UnboundedReceiver<ConnectRequest>>>,
    /// Permits for handshakes in progress, and for connections on their way to Node.js, which has not taken them yet.
    handshakes: Arc<Semaphore>,
    /// Tells the connections that have not sent a whole request yet to go.
    dismissals: watch::Sender<()>,
    lingering: Lingering,
    metrics: Metrics,
    hooks: AtomicU8,
    /// The requests that Node.js is to answer; see [`Wanted`].
    wanted: AtomicU8,
    next_relay: AtomicU32,
    /// Sessions with frames whose ACK may become overdue.
    awaiting: Mutex<Vec<Arc<Link>>>,
    awaiting_grew: Notify,
    /// Output waits for the application, or a socket is lent to it.
    late: Notify,
    stop: watch::Sender<Stop>,
    epoch: Instant,
}

impl Shared {
    /// A server that does not run yet.
    pub fn new(settings: Settings, tls: Option<Arc<ServerConfig>>, wake: Wake) -> Arc<Self> {
        let (connect_requests, incoming_connect_requests) = mpsc::unbounded_channel();
        Arc::new(Self {
            inbox: Inbox::new(wake),
            lending: Lending::new(available_parallelism().map_or(usize::MAX, NonZero::get), settings.keep_alive),
            neighbours: Neighbours::default(),
            registry: Mutex::default(),
            wheel: Mutex::new(Wheel::new(settings.keep_alive)),
            tls: Mutex::new(tls),
            questions: Arc::new(Semaphore::new(admission::MAX_UNHEARD)),
            answers: Mutex::default(),
            next_handshake: AtomicU32::new(1),
            peer_tls: Mutex::default(),
            connect_requests,
            incoming_connect_requests: Mutex::new(Some(incoming_connect_requests)),
            handshakes: Arc::new(Semaphore::new(settings.max_pending_handshakes)),
            dismissals: watch::Sender::new(()),
            limits: Limits::new(settings.max_connections, settings.max_connections_per_address),
            lingering: Lingering::default(),
            metrics: Metrics::default(),
            hooks: AtomicU8::new(0),
            wanted: AtomicU8::new(0),
            next_relay: AtomicU32::new(0),
            awaiting: Mutex::default(),
            awaiting_grew: Notify::new(),
            late: Notify::new(),
            stop: watch::Sender::new(Stop::Running),
            epoch: Instant::now(),
            settings,
        })
    }

    /// Time since the server was made.
    pub fn now(&self) -> Micros {
        self.epoch.elapsed().as_micros() as Micros
    }

    /// Which kinds of received messages wait for a verdict.
    pub fn hooks(&self) -> Hooks {
        Hooks(self.hooks.load(Ordering::Relaxed))
    }

    /// Which requests the application listens for on `http_server`.
    pub fn wanted(&self) -> Wanted {
        Wanted(self.wanted.load(Ordering::Relaxed))
    }
}
