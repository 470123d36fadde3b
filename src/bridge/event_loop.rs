//! How the event loop watches the sockets that are lent to it: through libuv, which Node.js is made of and exports. Node-API leads to the loop,
//! but has no way of its own to watch a descriptor.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{Env, Function};
use napi::{JsValue as _, sys};

use crate::net::watch::Watch;
use crate::server::Shared;

/// libuv's number for handles that watch a descriptor, and for the event that it can be read.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

/// What async hooks call it.
const NAME: &CStr = c"CryoLentSockets";

/// The beginning of a `uv_poll_t`, whose size libuv tells.
#[repr(C)]
struct Handle {
    /// The user's, in every handle of libuv.
    data: *const State,
}

type HandleSize = unsafe extern "C" fn(c_int) -> usize;
type PollInit = unsafe extern "C" fn(*mut sys::uv_loop_s, *mut Handle, c_int) -> c_int;
type PollStart = unsafe extern "C" fn(*mut Handle, c_int, unsafe extern "C" fn(*mut Handle, c_int, c_int)) -> c_int;
type Unref = unsafe extern "C" fn(*mut Handle);
type Close = unsafe extern "C" fn(*mut Handle, unsafe extern "C" fn(*mut Handle));

/// The functions of libuv that are needed. Their signatures are the same in all of libuv 1.
#[derive(Clone, Copy)]
struct Uv {
    handle_size: HandleSize,
    init: PollInit,
    start: PollStart,
    unref: Unref,
    close: Close,
}

impl Uv {
    /// None where the process does not export them.
    fn find() -> Option<Self> {
        fn symbol(name: &CStr) -> Option<NonNull<c_void>> {
            // SAFETY: looks a name up, which is a C string.
            NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
        }
        // SAFETY: libuv's functions of these names have the signatures of the fields that they are for.
        unsafe {
            Some(Self {
                handle_size: transmute::<NonNull<c_void>, HandleSize>(symbol(c"uv_handle_size")?),
                init: transmute::<NonNull<c_void>, PollInit>(symbol(c"uv_poll_init")?),
                start: transmute::<NonNull<c_void>, PollStart>(symbol(c"uv_poll_start")?),
                unref: transmute::<NonNull<c_void>, Unref>(symbol(c"uv_unref")?),
                close: transmute::<NonNull<c_void>, Close>(symbol(c"uv_close")?),
            })
        }
    }
}

/// What the handle points to. It holds a reference until libuv has closed it.
struct State {
    uv: Uv,
    env: sys::napi_env,
    /// JavaScript's `onWake`, and what its calls count as for async hooks.
    on_wake: sys::napi_ref,
    context: sys::napi_async_context,
    shared: Arc<Shared>,
    /// Keeps the environment from ending before the handle is closed.
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    closing: Cell<bool>,
    /// The handle's memory, libuv's until it is closed.
    handle: *mut Handle,
    _memory: Box<[Cell<u128>]>,
}

/// A handle of the event loop, to be used on its thread only.
pub struct LoopWatch(Rc<State>);

impl LoopWatch {
    /// Lets the event loop watch the sockets that `shared` lends, and call `on_wake` after reading them. None where it can't: no socket is lent
    /// then, which is slower and nothing else.
    pub fn start(env: &Env, on_wake: &Function<'_, (), ()>, shared: &Arc<Shared>) -> Option<Self> {
        let (uv, watch, uv_loop) = (Uv::find()?, Watch::new().ok()?, env.get_uv_event_loop().ok()?);
        // SAFETY: reads a number.
        let size = unsafe { (uv.handle_size)(UV_POLL) };
        let memory: Box<[_]> = (0..size.div_ceil(size_of::<u128>())).map(|_| Cell::new(0)).collect();
        let handle = memory.as_ptr().cast_mut().cast::<Handle>();
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
        let state = Rc::new(State {
            uv,
            env: env.raw(),
            on_wake: reference,
            context,
            shared: Arc::clone(shared),
            hook: Cell::default(),
            closing: Cell::default(),
            handle,
            _memory: memory,
        });
        // SAFETY: the memory is as large as the handle, and aligned for whatever it holds. The descriptor is not closed before the handle is:
        // only `State::close` does either.
        if unsafe { (uv.init)(uv_loop, handle, watch.descriptor()) } != 0 {
            state.release();
            return None;
        }
        shared.lending.begin(watch);
        // SAFETY: the handle is initialised and this is its thread. What it and the hook point to lives until `on_closed`.
        let (started, hooked) = unsafe {
            (*handle).data = Rc::into_raw(Rc::clone(&state));
            (uv.unref)(handle);
            let started = (uv.start)(handle, UV_READABLE, on_readable);
            let hooked =
                sys::napi_add_async_cleanup_hook(env.raw(), Some(on_cleanup), handle.cast(), state.hook.as_ptr());
            (started, hooked)
        };
        let this = Self(state);
        if started != 0 || !is_ok(hooked) {
            this.close();
            return None;
        }
        Some(this)
    }

    /// The event loop watches nothing any more.
    pub fn close(&self) {
        self.0.close();
    }
}

impl State {
    fn close(&self) {
        if !self.closing.replace(true) {
            self.release();
            // SAFETY: the handle is initialised, and closed once.
            unsafe { (self.uv.close)(self.handle, on_closed) };
            // libuv has let go of the descriptor.
            self.shared.lending.end();
        }
    }

    /// Lets go of `onWake`.
    fn release(&self) {
        // SAFETY: the environment lives, and nobody uses either after this.
        unsafe {
            sys::napi_delete_reference(self.env, self.on_wake);
            sys::napi_async_destroy(self.env, self.context);
        }
    }

    /// Reads what can be read and lets JavaScript look for events.
    fn read(&self) {
        self.shared.inbox.attend();
        self.shared.lending.read(self.shared.now());
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

    /// Calls `onWake()`. What a nextTick callback threw there is the application's to catch, as it is everywhere else; within the callback's
    /// scope, which would not know its way out otherwise.
    ///
    /// # Safety
    /// Within a handle scope.
    unsafe fn wake(&self) {
        let env = self.env;
        let (mut receiver, mut on_wake, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment lives, and the values are used within the scope.
        unsafe {
            if !is_ok(sys::napi_get_undefined(env, &mut receiver))
                || !is_ok(sys::napi_get_reference_value(env, self.on_wake, &mut on_wake))
            {
                return;
            }
            let status = sys::napi_call_function(env, receiver, on_wake, 0, ptr::null(), ptr::null_mut());
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

/// A lent socket can be read.
unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: the handle is not closed, so that it holds a reference to its state.
    let state = unsafe {
        Rc::increment_strong_count((*handle).data);
        Rc::from_raw((*handle).data)
    };
    state.read();
}

/// The environment ends.
unsafe extern "C" fn on_cleanup(_: sys::napi_async_cleanup_hook_handle, handle: *mut c_void) {
    // SAFETY: the hook is removed before the handle lets go of its state.
    let state = unsafe { &*(*handle.cast::<Handle>()).data };
    state.close();
}

/// libuv has forgotten the handle.
unsafe extern "C" fn on_closed(handle: *mut Handle) {
    // SAFETY: takes the reference that the handle held, once; the hook was added once.
    unsafe {
        let state = Rc::from_raw((*handle).data);
        if !state.hook.get().is_null() {
            sys::napi_remove_async_cleanup_hook(state.hook.get());
        }
    }
}
