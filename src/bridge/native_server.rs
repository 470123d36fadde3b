//! The class that `lib/server.js` holds: a running server and its end of the border.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread::JoinHandle;

use napi::bindgen_prelude::{Env, Function, Result, Uint8ArraySlice};
use napi_derive::napi;
use parking_lot::Mutex;

use super::arrays::NativeArrays;
use super::commands::{Command, Dispatcher};
use super::delivery::Delivery;
use super::dirty::Dirty;
#[cfg(target_os = "linux")]
use super::event_loop::LoopWatch;
use super::give_way::give_way;
use super::heap;
use super::http_socket::NativeHttpSocket;
use super::options::{NativeOptions, NativeSsl};
use super::parcel::NativeParcel;
use super::wake::Alarm;
use crate::net::listener::{ListenError, Listener};
use crate::server::batch::{Batch, Code};
use crate::server::passthrough::Wanted;
use crate::server::{Shared, Stop, accept};
use crate::session::Hooks;

/// Where a server listens, or why it does not.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Listening {
    /// The IP address, or the path.
    pub address: String,
    /// `IPv4` or `IPv6`; none with a path.
    pub family: Option<String>,
    /// The port; none with a path.
    pub port: Option<u16>,
    /// Why it does not listen, such as `EADDRINUSE`. Where Node.js knows `errno`, that says more.
    pub error: Option<String>,
    /// The system's error number, where there is one: positive, and on Windows not one of Node.js.
    pub errno: Option<i32>,
}

/// A session's figures.
#[napi(object, object_from_js = false)]
pub struct Counters {
    /// Bytes received.
    pub rx: f64,
    /// Bytes sent.
    pub tx: f64,
    /// Messages dropped by policy.
    pub dropped: f64,
    /// Bytes that wait for the socket.
    pub queued_bytes: f64,
    /// Frames that wait for the socket.
    pub queued_frames: f64,
}

/// What the JavaScript thread alone touches.
struct Desk {
    arrays: NativeArrays,
    delivery: Delivery,
    dirty: Dirty,
}

/// The I/O thread, and how it ends.
pub(super) struct Running {
    pub(super) shared: Arc<Shared>,
    alarm: Alarm,
    /// None where the event loop is woken by a threadsafe function, and no socket is lent to it.
    #[cfg(target_os = "linux")]
    event_loop: Option<LoopWatch>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    /// Ends the thread at once and forgets what it still had to tell.
    fn end(&self) {
        self.shared.inbox.shut();
        self.alarm.dismantle();
        #[cfg(target_os = "linux")]
        self.event_loop.iter().for_each(LoopWatch::close);
        self.shared.stop(Stop::Aborted);
        if let Some(thread) = self.thread.lock().take() {
            // An error would be a panic on the I/O thread, which has been reported where it happened.
            let _ = thread.join();
        }
    }
}

/// A server.
#[napi]
pub struct NativeServer {
    desk: RefCell<Desk>,
    pub(super) running: Rc<Running>,
}

#[napi]
impl NativeServer {
    /// A server that does not listen yet. `arrays` is where commands and events cross, `onWake` is called when there are events; it must not throw.
    ///
    /// # Errors
    /// When key and certificate can't be used.
    #[napi(constructor)]
    pub fn new(env: &Env, options: NativeOptions, arrays: NativeArrays, on_wake: Function<'_, (), ()>) -> Result<Self> {
        heap::keep_freed_memory();
        let tls = options.ssl.as_ref().map(NativeSsl::config).transpose()?;
        let alarm = Alarm::new(&on_wake)?;
        let ring = alarm.clone();
        let shared = Shared::new(options.settings(), tls, Box::new(move || ring.ring()));
        #[cfg(target_os = "linux")]
        let event_loop = LoopWatch::start(env, &on_wake, &shared).inspect(|watch| alarm.use_bell(watch.bell()));
        let running = Rc::new(Running {
            alarm,
            #[cfg(target_os = "linux")]
            event_loop,
            thread: Mutex::default(),
            shared,
        });
        // The end of a worker or of the process: the thread must be gone before the environment is.
        env.add_env_cleanup_hook(Rc::downgrade(&running), |running: Weak<Running>| {
            if let Some(running) = running.upgrade() {
                running.end();
            }
        })?;
        let desk = Desk { arrays, delivery: Delivery::default(), dirty: Dirty::default() };
        Ok(Self { desk: RefCell::new(desk), running })
    }

    /// Binds, listens, and starts the I/O thread. `share` lets other processes listen on the same port.
    #[napi]
    pub fn listen(&self, share: bool) -> Listening {
        self.start(share).unwrap_or_else(|failure| refused(&failure))
    }

    /// Carries out `count` commands, then writes the next events to the arrays; how many there are. None means that all is written that was
    /// sent, and that the next event calls `onWake` again; otherwise some may wait for the next exchange or flush.
    #[napi(catch_unwind)]
    pub fn exchange(&self, count: u32) -> u32 {
        let Ok(mut desk) = self.desk.try_borrow_mut() else { return 0 };
        let Desk { arrays, delivery, dirty } = &mut *desk;
        let (commands, payloads) = arrays.given(count);
        // What the next events cause should leave in the same writes; replies to those of a batch leave at its end.
        let more = !delivery.is_through() || self.running.shared.inbox.has_more();
        self.run(delivery, dirty, (commands, payloads), more);
        let shared = &self.running.shared;
        if delivery.is_through() {
            shared.flush_delivered();
        }
        let (words, bytes) = arrays.room();
        delivery.next(shared, words, bytes) as u32
    }

    /// Carries out `count` commands and writes what they send, or leaves most of that to the next flush or exchange, when `more` is to come in
    /// this turn.
    #[napi(catch_unwind)]
    pub fn flush(&self, count: u32, more: bool) {
        if let Ok(mut desk) = self.desk.try_borrow_mut() {
            let Desk { arrays, delivery, dirty } = &mut *desk;
            self.run(delivery, dirty, arrays.given(count), more);
        }
    }

    /// Carries out one command whose payload is too large for the common array. What it leaves to be written leaves with the next flush or
    /// exchange.
    #[napi(catch_unwind)]
    pub fn command(&self, slot: u32, code: u32, a: u32, b: u32, payload: Uint8ArraySlice<'_>) {
        if let Ok(mut desk) = self.desk.try_borrow_mut() {
            let Desk { delivery, dirty, .. } = &mut *desk;
            let command = [slot, code, a, b, payload.len() as u32];
            self.run(delivery, dirty, (&command, &payload), true);
        }
    }

    /// Copies the next large payloads of the events to `target`, which is as long as all of them. False where it is not: then none is taken.
    #[napi(catch_unwind)]
    pub fn take_large(&self, mut target: Uint8ArraySlice<'_>) -> bool {
        let Ok(mut desk) = self.desk.try_borrow_mut() else { return false };
        // SAFETY: the caller has just made the array and waits for this call.
        desk.delivery.take_large(unsafe { target.as_mut() })
    }

    /// Forgets the next large payload: it can't be taken.
    #[napi]
    pub fn skip_large(&self) {
        if let Ok(mut desk) = self.desk.try_borrow_mut() {
            desk.delivery.skip_large();
        }
    }

    /// The payload of an event that is a parcel.
    #[napi]
    pub fn take_parcel(&self) -> Option<NativeParcel> {
        let (frame, start) = self.desk.try_borrow_mut().ok()?.delivery.take_parcel()?;
        Some(NativeParcel::new(frame, start))
    }

    /// The socket of the next `HttpOpened` event.
    #[napi]
    pub fn take_http_socket(&self) -> Option<NativeHttpSocket> {
        Some(self.desk.try_borrow_mut().ok()?.delivery.take_relay()?.into())
    }

    /// Which requests `http_server` has listeners for: bit 0 `request`, bit 1 `upgrade`, bit 2 `connect`.
    #[napi]
    pub fn set_wanted(&self, listeners: u8) {
        self.running.shared.set_wanted(Wanted(listeners));
    }

    /// The figures of the session in a slot; none if there is no such session.
    #[napi]
    pub fn counters(&self, slot: u32) -> Option<Counters> {
        let desk = self.desk.try_borrow().ok()?;
        let core = desk.delivery.link(slot)?.lock();
        let (rx, tx, dropped) = core.session.counters();
        let (queued_bytes, queued_frames) = core.session.queued(&core.outgoing);
        Some(Counters {
            rx: rx as f64,
            tx: tx as f64,
            dropped: dropped as f64,
            queued_bytes: queued_bytes as f64,
            queued_frames: queued_frames as f64,
        })
    }

    /// Which kinds of messages wait for a verdict before they are acknowledged: bit 0 text, bit 1 binary, bit 2 error.
    #[napi]
    pub fn set_hooks(&self, kinds: u8) {
        self.running.shared.set_hooks(Hooks(kinds));
    }

    /// Uses another certificate for the handshakes to come.
    ///
    /// # Errors
    /// When key and certificate can't be used; the old ones stay.
    #[napi]
    pub fn update_tls(&self, ssl: NativeSsl) -> Result<()> {
        self.running.shared.set_tls(ssl.config()?);
        Ok(())
    }

    /// Takes no connections any more, but lets the sessions there are go on. The event `Stopped` comes when the last one is gone.
    #[napi]
    pub fn drain(&self) {
        self.running.shared.stop(Stop::Draining);
    }

    /// The server's figures in the text format of Prometheus.
    #[napi]
    pub fn metrics(&self) -> String {
        self.running.shared.metrics()
    }

    /// Takes no connections any more and tells every session to leave. The event `Stopped` says when all is done.
    #[napi]
    pub fn stop(&self) {
        self.running.shared.stop(Stop::Leaving);
    }

    /// Ends what is left at once. Also due after `Stopped`, so that nothing keeps the process alive.
    #[napi]
    pub fn end(&self) {
        self.running.end();
    }

    fn start(&self, share: bool) -> std::result::Result<Listening, ListenError> {
        let shared = Arc::clone(&self.running.shared);
        let endpoint = &self.running.shared.settings.endpoint;
        let runtime = accept::runtime(&shared).map_err(|error| ListenError::of(endpoint, error))?;
        let listener = {
            let _entered = runtime.enter();
            Listener::bind(endpoint, share)?
        };
        let listening = describe(&listener);
        let thread = std::thread::Builder::new()
            .name("cryo-io".into())
            .spawn(move || accept::run(&shared, listener, runtime))
            .map_err(|error| ListenError::of(endpoint, error))?;
        *self.running.thread.lock() = Some(thread);
        Ok(listening)
    }

    fn run(&self, delivery: &mut Delivery, dirty: &mut Dirty, (commands, payloads): (&[u32], &[u8]), more: bool) {
        let shared = &self.running.shared;
        let now = shared.now();
        shared.lending.read_if_late(now);
        let mut events = Batch::default();
        let bytes = Dispatcher { shared, now, delivery, dirty, events: &mut events }.dispatch(commands, payloads);
        if !more || dirty.is_due(now, bytes) {
            dirty.write(now, &mut events);
        }
        shared.post(events);
        give_way();
    }
}

/// The names of events and of commands, by number, for the test that `lib/border/codes.js` has the same.
#[napi]
pub fn border_codes() -> Vec<Vec<String>> {
    let events = Code::ALL.iter().map(|code| format!("{code:?}"));
    let commands = Command::ALL.iter().map(|command| format!("{command:?}"));
    vec![events.collect(), commands.collect()]
}

fn describe(listener: &Listener) -> Listening {
    match listener {
        Listener::Tcp(_, address) => Listening {
            address: address.ip().to_string(),
            family: Some(if address.is_ipv6() { "IPv6" } else { "IPv4" }.into()),
            port: Some(address.port()),
            ..Listening::default()
        },
        #[cfg(unix)]
        Listener::Unix(path, _) => Listening { address: path.as_str().into(), ..Listening::default() },
    }
}

/// The code is for errors without a number, and for Windows: `lib/http/face.js` knows all others by theirs.
fn refused(failure: &ListenError) -> Listening {
    use std::io::ErrorKind;
    let code = match failure.error.kind() {
        ErrorKind::AddrInUse => "EADDRINUSE",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::InvalidInput => "EINVAL",
        ErrorKind::Unsupported => "ENOTSUP",
        // The resolver's errors have no number.
        _ if failure.error.raw_os_error().is_none() => "ENOTFOUND",
        _ => "EINVAL",
    };
    Listening {
        address: failure.address.clone(),
        port: failure.port,
        error: Some(code.into()),
        errno: failure.error.raw_os_error(),
        ..Listening::default()
    }
}
