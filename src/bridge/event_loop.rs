//! How the event loop is woken, and watches the sockets that are lent to it: through libuv. Node-API leads to the loop, but has no way of its own to
//! watch a descriptor, and its way of waking takes a lock that the woken thread waits for.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Function, Object};
use napi::sys;
use parking_lot::RwLock;

use super::exchange::Exchange;
use super::on_wake::{OnWake, is_ok};
use super::uv::{Handle, Memory, Uv};
use crate::net::watch::Watch;
use crate::server::Shared;

/// Wakes the event loop, from any thread. A threadsafe function does so with a lock held that the event loop's thread wants next: where both
/// threads share a CPU, each wake-up would be two more switches between them.
pub struct AsyncHandle {
    uv: Uv,
    /// None once it is being closed. Those who wake only read it, so that nobody waits for them but who closes it.
    handle: RwLock<Option<*mut Handle>>,
}

// SAFETY: the handle is used on other threads for `uv_async_send` alone, which is made for that, and never once it is being closed.
unsafe impl Send for AsyncHandle {}
// SAFETY: the same.
unsafe impl Sync for AsyncHandle {}

impl AsyncHandle {
    /// False once it is closed.
    pub fn send(&self) -> bool {
        let handle = self.handle.read();
        // SAFETY: it is not closed while the lock is held.
        handle.inspect(|handle| unsafe { self.uv.send(*handle) }).is_some()
    }
}

/// A handle's memory, and whether the handle is open: begun, and not yet forgotten by libuv.
struct Part {
    memory: Memory,
    open: Cell<bool>,
}

impl Part {
    fn new(memory: Memory) -> Self {
        Self { memory, open: Cell::new(false) }
    }
}

/// What the handles point to. Each holds a reference until libuv has closed it.
struct State {
    uv: Uv,
    on_wake: OnWake,
    shared: Arc<Shared>,
    /// The application's: it may be gone before the handles are closed.
    exchange: Weak<Exchange>,
    /// Keeps the environment from ending before the handles are closed. Null where Node.js refused it: then there are none.
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    closing: Cell<bool>,
    async_handle: Arc<AsyncHandle>,
    /// The handle that wakes, and the one that watches lent sockets.
    waking: Part,
    watching: Part,
}

/// Handles of the event loop, to be used on its thread only.
pub struct LoopWatch(Rc<State>);

impl LoopWatch {
    /// Lets the event loop be woken, and watch the sockets that `shared` lends, and call `on_wake` after either, in `resource`. None where
    /// it can't: no socket is lent then, which is slower and nothing else.
    pub fn start(
        env: &Env,
        on_wake: &Function<'_, (), ()>,
        resource: &Object<'_>,
        shared: &Arc<Shared>,
        exchange: &Rc<Exchange>,
    ) -> Option<Self> {
        let (uv, watch, uv_loop) = (Uv::find()?, Watch::new().ok()?, env.get_uv_event_loop().ok()?);
        let this = Self(Rc::new(State {
            uv,
            on_wake: OnWake::new(env, on_wake, resource)?,
            shared: Arc::clone(shared),
            exchange: Rc::downgrade(exchange),
            hook: Cell::default(),
            closing: Cell::default(),
            async_handle: Arc::new(AsyncHandle { uv, handle: RwLock::default() }),
            waking: Part::new(uv.async_memory()),
            watching: Part::new(uv.poll_memory()),
        }));
        if !this.0.hold_environment(env) || !this.0.begin_waking(uv_loop) || !this.0.begin_watching(uv_loop, watch) {
            // Whatever has begun by then.
            this.close();
            return None;
        }
        *this.0.async_handle.handle.write() = Some(this.0.waking.memory.handle());
        Some(this)
    }

    /// What wakes the event loop.
    pub fn async_handle(&self) -> Arc<AsyncHandle> {
        Arc::clone(&self.0.async_handle)
    }

    /// The event loop watches nothing any more, and is not woken.
    pub fn close(&self) {
        self.0.close();
    }
}

impl State {
    /// Lets the environment wait for [`State::let_go`]. Before there are handles, whose callbacks need it. False where Node.js refuses.
    fn hold_environment(self: &Rc<Self>, env: &Env) -> bool {
        let (state, hook) = (Rc::as_ptr(self).cast_mut().cast(), self.hook.as_ptr());
        // SAFETY: the environment lives, and so does the state until the hook is removed: the handles, or `LoopWatch::start`, have references.
        unsafe { is_ok(sys::napi_add_async_cleanup_hook(env.raw(), Some(on_cleanup), state, hook)) }
    }

    fn begin_waking(self: &Rc<Self>, uv_loop: *mut sys::uv_loop_s) -> bool {
        // SAFETY: this is the loop's thread, and the memory lives until the handle is closed.
        self.begin(&self.waking, |memory| unsafe { self.uv.listen(uv_loop, memory, on_woken) })
    }

    fn begin_watching(self: &Rc<Self>, uv_loop: *mut sys::uv_loop_s, watch: Watch) -> bool {
        // SAFETY: the same, and the descriptor is open until the watch is dropped: below where libuv refuses it, else at the end of `State::close`.
        if !self.begin(&self.watching, |memory| unsafe { self.uv.admit(uv_loop, memory, watch.descriptor()) }) {
            return false;
        }
        self.shared.lending.begin(watch);
        // SAFETY: the handle is initialised.
        unsafe { self.uv.watch(&self.watching.memory, on_readable) }
    }

    /// Initialises a handle, which then holds a reference, and does not keep the loop alive. False where that fails.
    fn begin(self: &Rc<Self>, part: &Part, initialise: impl FnOnce(&Memory) -> bool) -> bool {
        let done = initialise(&part.memory);
        if done {
            // SAFETY: libuv has initialised it and leaves this field to its user.
            unsafe {
                (*part.memory.handle()).data = Rc::into_raw(Rc::clone(self)).cast();
                self.uv.unref(&part.memory);
            }
            part.open.set(true);
        }
        done
    }

    fn close(&self) {
        if self.closing.replace(true) {
            return;
        }
        self.async_handle.handle.write().take();
        for part in [&self.waking, &self.watching] {
            if part.open.get() {
                // SAFETY: it is initialised, and closed once.
                unsafe { self.uv.close(&part.memory, on_closed) };
            }
        }
        // libuv has let go of the descriptor.
        self.shared.lending.end();
        self.let_go_if_closed();
    }

    /// Without handles nobody calls `onWake` any more, and the environment need not wait.
    fn let_go_if_closed(&self) {
        if self.waking.open.get() || self.watching.open.get() {
            return;
        }
        // SAFETY: the environment lives until the hook is removed, or is in `LoopWatch::start`. `onWake` is not being called, since libuv
        // says what it has closed in a turn of its own, and where no handle was begun it never was. Nothing comes here twice: either the
        // last handle is closed, or there was none.
        unsafe {
            self.on_wake.release();
            if !self.hook.get().is_null() {
                sys::napi_remove_async_cleanup_hook(self.hook.get());
            }
        }
    }

    /// Reads what can be read and lets JavaScript handle the events, if there are any.
    fn read(&self) {
        let Shared { inbox, lending, .. } = &*self.shared;
        let attended = inbox.attend();
        if lending.read(self.shared.now()) || !inbox.withdraw(attended) {
            self.enter();
        }
    }

    /// Lets JavaScript handle the events that there are.
    fn enter(&self) {
        // SAFETY: the environment lives as long as its event loop runs, and the handle that calls this is open.
        unsafe { self.on_wake.call(|| self.first_events()) };
    }

    /// How many events stand in the arrays. After a panic JavaScript asks for them itself.
    fn first_events(&self) -> u32 {
        let fill = || self.exchange.upgrade().map_or(0, |exchange| exchange.first_events());
        catch_unwind(AssertUnwindSafe(fill)).unwrap_or(0)
    }
}

/// The state of a handle that is not closed.
///
/// # Safety
/// In a callback of the handle.
unsafe fn state_of(handle: *mut Handle) -> Rc<State> {
    // SAFETY: the handle holds a reference to its state, and this is one more: the application may close it meanwhile.
    unsafe {
        let state = (*handle).data.cast::<State>();
        Rc::increment_strong_count(state);
        Rc::from_raw(state)
    }
}

/// There are events.
unsafe extern "C" fn on_woken(handle: *mut Handle) {
    // SAFETY: this is a callback of the handle.
    unsafe { state_of(handle) }.enter();
}

/// A lent socket can be read.
unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: this is a callback of the handle.
    unsafe { state_of(handle) }.read();
}

/// The environment ends.
unsafe extern "C" fn on_cleanup(_: sys::napi_async_cleanup_hook_handle, state: *mut c_void) {
    // SAFETY: the hook is removed before the last handle lets go of its state.
    let state = unsafe {
        Rc::increment_strong_count(state.cast::<State>());
        Rc::from_raw(state.cast::<State>())
    };
    state.close();
}

/// libuv has forgotten the handle.
unsafe extern "C" fn on_closed(handle: *mut Handle) {
    // SAFETY: takes the reference that the handle held, once.
    let state = unsafe { Rc::from_raw((*handle).data.cast::<State>()) };
    let part = if state.waking.memory.handle() == handle { &state.waking } else { &state.watching };
    part.open.set(false);
    state.let_go_if_closed();
}
