//! The class that `lib/server.js` holds: a running server, and the exchange with it.

use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread::JoinHandle;

use napi::bindgen_prelude::{Env, FnArgs, Function, Object, Result, Uint8ArraySlice};
use napi_derive::napi;
use parking_lot::Mutex;

use super::arrays::NativeArrays;
use super::delivery::Delivery;
#[cfg(target_os = "linux")]
use super::event_loop::LoopWatch;
use super::exchange::Exchange;
use super::heap;
use super::http_socket::NativeHttpSocket;
use super::listening::Listening;
use super::options::{NativeOptions, NativeSsl};
use super::parcel::NativeParcel;
use super::wake::LoopWaker;
use crate::net::listener::{ListenError, Listener};
use crate::server::http::passthrough::Wanted;
use crate::server::{Shared, Stop, io_thread};
use crate::session::Hooks;

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

/// The I/O thread, and how it ends.
pub(super) struct Running {
    pub(super) shared: Arc<Shared>,
    waker: LoopWaker,
    /// None where the event loop is woken by a threadsafe function, and no socket is lent to it.
    #[cfg(target_os = "linux")]
    event_loop: Option<LoopWatch>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    /// Ends the thread at once and forgets what it still had to tell.
    fn end(&self) {
        self.shared.inbox.shut();
        self.waker.close();
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
    exchange: Rc<Exchange>,
    pub(super) running: Rc<Running>,
}

#[napi]
impl NativeServer {
    /// A server that does not listen yet. `arrays` is where commands and events cross. `onWake` is called when there are events, with
    /// how many stand in the arrays already; what it throws becomes an uncaught exception. `resource` is the object that the event loop calls it
    /// in. It is passed only where that loop is libuv's, which the presence of libuv's functions does not prove.
    ///
    /// # Errors
    /// When key and certificate can't be used.
    #[napi(constructor)]
    pub fn new(
        env: &Env,
        options: NativeOptions,
        arrays: NativeArrays,
        on_wake: Function<'_, (), ()>,
        resource: Option<Object<'_>>,
    ) -> Result<Self> {
        #[cfg(not(target_os = "linux"))]
        let _ = resource;
        heap::keep_freed_memory();
        let tls = options.ssl.as_ref().map(NativeSsl::config).transpose()?;
        let waker = LoopWaker::new(&on_wake)?;
        let inbox_waker = waker.clone();
        let shared = Shared::new(options.settings(), tls, Box::new(move || inbox_waker.wake()));
        let exchange = Rc::new(Exchange::new(&shared, arrays));
        #[cfg(target_os = "linux")]
        let event_loop = resource
            .and_then(|resource| LoopWatch::start(env, &on_wake, &resource, &shared, &exchange))
            .inspect(|watch| waker.use_async_handle(watch.async_handle()));
        let running = Rc::new(Running {
            waker,
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
        Ok(Self { exchange, running })
    }

    /// Binds, listens, and starts the I/O thread. `share` lets other processes listen on the same port.
    #[napi]
    pub fn listen(&self, share: bool) -> Listening {
        self.start(share).unwrap_or_else(|failure| Listening::refused(&failure))
    }

    /// `exchange(count)`: carries out as many commands, then writes the next events to the arrays; returns how many there are. None means that all
    /// is written that was sent, and that the next event calls `onWake` again; otherwise some may wait for the next exchange or flush.
    ///
    /// Each batch calls it at least once. Hence a function and no method: to look for the object behind `this` would cost as much as a short message.
    ///
    /// # Errors
    /// When Node.js can't make a function of it.
    #[napi(getter)]
    pub fn exchange<'env>(&self, env: &'env Env) -> Result<Function<'env, u32, u32>> {
        let exchange = Rc::clone(&self.exchange);
        env.create_function_from_closure("exchange", move |call| Ok(exchange.give_and_take(call.get(0)?)))
    }

    /// `flush(count, more)`: carries out as many commands and writes what they send, or leaves most of that to the next flush or exchange, when
    /// `more` is to come in this turn. A function for the same reason.
    ///
    /// # Errors
    /// When Node.js can't make a function of it.
    #[napi(getter)]
    pub fn flush<'env>(&self, env: &'env Env) -> Result<Function<'env, FnArgs<(u32, bool)>, ()>> {
        let exchange = Rc::clone(&self.exchange);
        env.create_function_from_closure("flush", move |call| {
            exchange.flush(call.get(0)?, call.get(1)?);
            Ok(())
        })
    }

    /// Lets the event loop call `onWake` once more, when others have had their turn.
    #[napi]
    pub fn wake_again(&self) {
        self.running.waker.wake();
    }

    /// Carries out one command whose payload is too large for the common array. What it leaves to be written leaves with the next flush or
    /// exchange.
    #[napi(catch_unwind)]
    pub fn command(&self, slot: u32, code: u32, a: u32, b: u32, payload: Uint8ArraySlice<'_>) {
        self.exchange.command([slot, code, a, b], &payload);
    }

    /// Copies the next large payloads of the events to `target`, which is as long as all of them. False where it is not: then none is taken.
    #[napi(catch_unwind)]
    pub fn take_large(&self, mut target: Uint8ArraySlice<'_>) -> bool {
        // SAFETY: the caller has just made the array and waits for this call.
        let target = unsafe { target.as_mut() };
        self.exchange.with_delivery(|delivery| delivery.take_large(target)).unwrap_or_default()
    }

    /// Forgets the next large payload: it can't be taken.
    #[napi]
    pub fn skip_large(&self) {
        self.exchange.with_delivery(Delivery::skip_large);
    }

    /// The payload of an event that is a parcel.
    #[napi]
    pub fn take_parcel(&self) -> Option<NativeParcel> {
        let (frame, start) = self.exchange.with_delivery(Delivery::take_parcel)??;
        Some(NativeParcel::new(frame, start))
    }

    /// The socket of the next `HttpOpened` event.
    #[napi]
    pub fn take_http_socket(&self) -> Option<NativeHttpSocket> {
        Some(self.exchange.take_relay()?.into())
    }

    /// Which requests `http_server` has listeners for: bit 0 `request`, bit 1 `upgrade`, bit 2 `connect`.
    #[napi]
    pub fn set_wanted(&self, listeners: u8) {
        self.running.shared.set_wanted(Wanted(listeners));
    }

    /// Whether clients are connected. From now on the event `Occupied` tells when that changes.
    #[napi]
    pub fn watch_connections(&self) -> bool {
        self.running.shared.limits.watch()
    }

    /// Takes no connection while there are this many; infinity for no limit.
    #[napi]
    pub fn set_max_connections(&self, max: f64) {
        self.running.shared.limits.set_max(max as usize);
    }

    /// Connections of clients that there are, whatever became of them.
    #[napi]
    pub fn connections(&self) -> f64 {
        self.running.shared.limits.connections() as f64
    }

    /// Closes the connections that have not sent a whole request yet.
    #[napi]
    pub fn dismiss(&self) {
        self.running.shared.dismiss();
    }

    /// The figures of the session in a slot; none if there is no such session.
    #[napi]
    pub fn counters(&self, slot: u32) -> Option<Counters> {
        let link = self.exchange.link(slot)?;
        let core = link.lock();
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

    /// Ends what is left at once. Also due after `Stopped`: the thread's end is waited for.
    #[napi]
    pub fn end(&self) {
        self.running.end();
    }

    fn start(&self, share: bool) -> std::result::Result<Listening, ListenError> {
        let shared = Arc::clone(&self.running.shared);
        let endpoint = &self.running.shared.settings.endpoint;
        let runtime = io_thread::runtime(&shared).map_err(|error| ListenError::of(endpoint, error))?;
        let listener = {
            let _entered = runtime.enter();
            Listener::bind(endpoint, share)?
        };
        let listening = Listening::of(&listener);
        let thread = std::thread::Builder::new()
            .name("cryo-io".into())
            .spawn(move || io_thread::run(&shared, listener, runtime))
            .map_err(|error| ListenError::of(endpoint, error))?;
        *self.running.thread.lock() = Some(thread);
        Ok(listening)
    }
}
