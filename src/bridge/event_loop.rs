//! How the event loop is woken, and watches the sockets that are lent to it: through libuv. Node-API leads to the loop, but has no way of its own to
//! watch a descriptor, and its way of waking takes a lock that the woken thread waits for.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Function};
use napi::{JsValue as _, sys};
use parking_lot::RwLock;

use super::exchange::Exchange;
use super::uv::{Handle, Memory, Uv};
use crate::net::watch::Watch;
use crate::server::Shared;

/// What async hooks call it.
const NAME: &CStr = c"CryoServer";

/// Wakes the event loop, from any thread. A threadsafe function does so with a lock held that the event loop's thread wants next: where both
/// threads share a CPU, each wake-up would be two more switches between them.
pub struct Bell {
    uv: Uv,
    /// None once it is being closed. Those who ring only read it, so that nobody waits for them but who closes it.
    handle: RwLock<Option<*mut Handle>>,
}

// SAFETY: the handle is used on other threads for `uv_async_send` alone, which is made for that, and never once it is being closed.
unsafe impl Send for Bell {}
// SAFETY: the same.
unsafe impl Sync for Bell {}

impl Bell {
    /// False once it is closed.
    pub fn ring(&self) -> bool {
        let handle = self.handle.read();
        // SAFETY: it is not closed while the lock is held.
        handle.inspect(|handle| unsafe { self.uv.send(*handle) }).is_some()
    }
}

/// What the handles point to. Each holds a reference until libuv has closed it.
struct State {
    uv: Uv,
    env: sys::napi_env,
    /// JavaScript's `onWake`, and what its calls count as for async hooks.
    on_wake: sys::napi_ref,
    context: sys::napi_async_context,
    shared: Arc<Shared>,
    /// The application's: it may be gone before the handles are closed.
    exchange: Weak<Exchange>,
    /// Keeps the environment from ending before the handles are closed.
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    closing: Cell<bool>,
    bell: Arc<Bell>,
    /// The handle that rings, and the one that watches lent sockets.
    rung: Memory,
    lent: Memory,
    /// Of these, how many are open.
    open: Cell<u8>,
}

/// Handles of the event loop, to be used on its thread only.
pub struct LoopWatch(Rc<State>);

impl LoopWatch {
    /// Lets the event loop be woken, and watch the sockets that `shared` lends, and call `on_wake` after either. None where it can't: no socket is
    /// lent then, which is slower and nothing else.
    pub fn start(
        env: &Env,
        on_wake: &Function<'_, (), ()>,
        shared: &Arc<Shared>,
        exchange: &Rc<Exchange>,
    ) -> Option<Self> {
        let (uv, watch, uv_loop) = (Uv::find()?, Watch::new().ok()?, env.get_uv_event_loop().ok()?);
        let (mut reference, mut name, mut context) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment and the function live during this call, and the name is as long as is said.
        let made = unsafe {
            is_ok(sys::napi_create_reference(env.raw(), on_wake.raw(), 1, &mut reference))
                && is_ok(sys::napi_create_string_latin1(
                    env.raw(),
                    NAME.as_ptr(),
                    NAME.count_bytes() as isize,
                    &mut name,
                ))
                && is_ok(sys::napi_async_init(env.raw(), ptr::null_mut(), name, &mut context))
        };
        if !made {
            return None;
        }
        let this = Self(Rc::new(State {
            uv,
            env: env.raw(),
            on_wake: reference,
            context,
            shared: Arc::clone(shared),
            exchange: Rc::downgrade(exchange),
            hook: Cell::default(),
            closing: Cell::default(),
            bell: Arc::new(Bell { uv, handle: RwLock::default() }),
            rung: uv.async_memory(),
            lent: uv.poll_memory(),
            open: Cell::default(),
        }));
        // SAFETY: this is the loop's thread. The memory lives until both handles are closed, and the watch until then: only `State::close` ends
        // either.
        let started = unsafe {
            this.0.begin(&this.0.rung, |memory| uv.listen(uv_loop, memory, on_rung))
                && this.0.begin(&this.0.lent, |memory| uv.admit(uv_loop, memory, watch.descriptor()))
        };
        shared.lending.begin(watch);
        let hook = this.0.hook.as_ptr();
        // SAFETY: the environment lives, and so does the state until the hook is removed, when its handles are closed.
        let ready = started
            && unsafe {
                let state = Rc::as_ptr(&this.0).cast_mut().cast();
                uv.watch(&this.0.lent, on_readable)
                    && is_ok(sys::napi_add_async_cleanup_hook(env.raw(), Some(on_cleanup), state, hook))
            };
        if !ready {
            this.close();
            return None;
        }
        *this.0.bell.handle.write() = Some(this.0.rung.handle());
        Some(this)
    }

    /// What wakes the event loop.
    pub fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.0.bell)
    }

    /// The event loop watches nothing any more, and is not woken.
    pub fn close(&self) {
        self.0.close();
    }
}

impl State {
    /// Initialises a handle, which then holds a reference, and does not keep the loop alive. False where that fails.
    fn begin(self: &Rc<Self>, memory: &Memory, initialise: impl FnOnce(&Memory) -> bool) -> bool {
        let done = initialise(memory);
        if done {
            // SAFETY: libuv has initialised it and leaves this field to its user.
            unsafe {
                (*memory.handle()).data = Rc::into_raw(Rc::clone(self)).cast();
                self.uv.unref(memory);
            }
            self.open.set(self.open.get() + 1);
        }
        done
    }

    fn close(&self) {
        if self.closing.replace(true) {
            return;
        }
        self.bell.handle.write().take();
        self.release();
        // In the order in which they were begun.
        for memory in [&self.rung, &self.lent].into_iter().take(self.open.get().into()) {
            // SAFETY: it is initialised, and closed once.
            unsafe { self.uv.close(memory, on_closed) };
        }
        // libuv has let go of the descriptor.
        self.shared.lending.end();
    }

    /// Lets go of `onWake`.
    fn release(&self) {
        // SAFETY: the environment lives, and nobody uses either after this.
        unsafe {
            sys::napi_delete_reference(self.env, self.on_wake);
            sys::napi_async_destroy(self.env, self.context);
        }
    }

    /// Reads what can be read and lets JavaScript handle the events.
    fn read(&self) {
        self.shared.inbox.attend();
        self.shared.lending.read(self.shared.now());
        self.enter();
    }

    /// Lets JavaScript handle the events that there are.
    fn enter(&self) {
        let (env, mut handles, mut callback) = (self.env, ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment lives as long as its event loop runs. Both scopes are closed, the inner one first.
        unsafe {
            if !is_ok(sys::napi_open_handle_scope(env, &mut handles)) {
                return;
            }
            if is_ok(sys::napi_open_callback_scope(env, ptr::null_mut(), self.context, &mut callback)) {
                self.wake();
                sys::napi_close_callback_scope(env, callback);
            }
            sys::napi_close_handle_scope(env, handles);
        }
    }

    /// How many events stand in the arrays. After a panic JavaScript asks for them itself.
    fn first_events(&self) -> u32 {
        let fill = || self.exchange.upgrade().map_or(0, |exchange| exchange.first_events());
        catch_unwind(AssertUnwindSafe(fill)).unwrap_or(0)
    }

    /// Calls `onWake(count)`. What a nextTick callback threw there is the application's to catch, as it is everywhere else; within the callback's
    /// scope, which would not know its way out otherwise.
    ///
    /// # Safety
    /// Within a handle scope.
    unsafe fn wake(&self) {
        let env = self.env;
        let (mut receiver, mut on_wake, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let mut count = ptr::null_mut();
        // SAFETY: the environment lives, and the values are used within the scope.
        unsafe {
            if !is_ok(sys::napi_get_undefined(env, &mut receiver))
                || !is_ok(sys::napi_get_reference_value(env, self.on_wake, &mut on_wake))
                || !is_ok(sys::napi_create_uint32(env, self.first_events(), &mut count))
            {
                return;
            }
            let status = sys::napi_call_function(env, receiver, on_wake, 1, &count, ptr::null_mut());
            if status == sys::Status::napi_pending_exception
                && is_ok(sys::napi_get_and_clear_last_exception(env, &mut error))
            {
                sys::napi_fatal_exception(env, error);
            }
        }
    }
}

fn is_ok(status: sys::napi_status) -> bool {
    status == sys::Status::napi_ok
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
unsafe extern "C" fn on_rung(handle: *mut Handle) {
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
    state.open.set(state.open.get() - 1);
    if state.open.get() == 0 && !state.hook.get().is_null() {
        // SAFETY: it was added once, and this is the last handle to be closed.
        unsafe { sys::napi_remove_async_cleanup_hook(state.hook.get()) };
    }
}
