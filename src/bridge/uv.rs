//! The part of libuv that is needed. Node.js is made of it, and exports its functions.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;
use std::os::fd::RawFd;
use std::ptr::NonNull;

use napi::sys::uv_loop_s;

/// libuv's numbers for handles that another thread wakes the loop with, for those that watch a descriptor, and for the event that it can be read.
const UV_ASYNC: c_int = 1;
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

/// The beginning of every handle, whose size libuv tells.
#[repr(C)]
pub struct Handle {
    /// The user's.
    pub data: *const c_void,
}

/// A handle's memory: libuv's from the handle's initialisation until it is closed.
pub struct Memory(Box<[Cell<u128>]>);

impl Memory {
    /// The handle in it.
    pub fn handle(&self) -> *mut Handle {
        self.0.as_ptr().cast_mut().cast()
    }
}

type HandleSize = unsafe extern "C" fn(c_int) -> usize;
type OnAsync = unsafe extern "C" fn(*mut Handle);
type AsyncInit = unsafe extern "C" fn(*mut uv_loop_s, *mut Handle, OnAsync) -> c_int;
type AsyncSend = unsafe extern "C" fn(*mut Handle) -> c_int;
type OnPoll = unsafe extern "C" fn(*mut Handle, c_int, c_int);
type PollInit = unsafe extern "C" fn(*mut uv_loop_s, *mut Handle, c_int) -> c_int;
type PollStart = unsafe extern "C" fn(*mut Handle, c_int, OnPoll) -> c_int;
type Unref = unsafe extern "C" fn(*mut Handle);
type OnClose = unsafe extern "C" fn(*mut Handle);
type Close = unsafe extern "C" fn(*mut Handle, OnClose);

/// The functions. Their signatures are the same in all of libuv 1.
#[derive(Clone, Copy)]
pub struct Uv {
    handle_size: HandleSize,
    async_init: AsyncInit,
    async_send: AsyncSend,
    poll_init: PollInit,
    poll_start: PollStart,
    unref: Unref,
    close: Close,
}

impl Uv {
    /// None where the process does not export them. That it does is no proof that they work: who asks knows that the event loop is libuv's.
    pub fn find() -> Option<Self> {
        fn symbol(name: &CStr) -> Option<NonNull<c_void>> {
            // SAFETY: looks a name up, which is a C string.
            NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
        }
        // SAFETY: libuv's functions of these names have the signatures of the fields that they are for.
        unsafe {
            Some(Self {
                handle_size: transmute::<NonNull<c_void>, HandleSize>(symbol(c"uv_handle_size")?),
                async_init: transmute::<NonNull<c_void>, AsyncInit>(symbol(c"uv_async_init")?),
                async_send: transmute::<NonNull<c_void>, AsyncSend>(symbol(c"uv_async_send")?),
                poll_init: transmute::<NonNull<c_void>, PollInit>(symbol(c"uv_poll_init")?),
                poll_start: transmute::<NonNull<c_void>, PollStart>(symbol(c"uv_poll_start")?),
                unref: transmute::<NonNull<c_void>, Unref>(symbol(c"uv_unref")?),
                close: transmute::<NonNull<c_void>, Close>(symbol(c"uv_close")?),
            })
        }
    }

    /// Memory for a handle that other threads wake the loop with.
    pub fn async_memory(&self) -> Memory {
        self.memory(UV_ASYNC)
    }

    /// Memory for a handle that watches a descriptor.
    pub fn poll_memory(&self) -> Memory {
        self.memory(UV_POLL)
    }

    /// Aligned for whatever a handle holds.
    fn memory(&self, kind: c_int) -> Memory {
        // SAFETY: reads a number.
        let size = unsafe { (self.handle_size)(kind) };
        Memory((0..size.div_ceil(size_of::<u128>())).map(|_| Cell::new(0)).collect())
    }

    /// Lets other threads wake the loop, which then calls `on_async`. False where libuv refuses.
    ///
    /// # Safety
    /// On the loop's thread, with memory made for this, which lives until the handle is closed.
    pub unsafe fn listen(&self, uv_loop: *mut uv_loop_s, memory: &Memory, on_async: OnAsync) -> bool {
        // SAFETY: as for the caller.
        unsafe { (self.async_init)(uv_loop, memory.handle(), on_async) == 0 }
    }

    /// Lets the loop watch a descriptor, not yet, but from [`Uv::watch`] on. False where libuv refuses.
    ///
    /// # Safety
    /// As for [`Uv::listen`]. The descriptor may not be closed before the handle is.
    pub unsafe fn admit(&self, uv_loop: *mut uv_loop_s, memory: &Memory, descriptor: RawFd) -> bool {
        // SAFETY: as for the caller.
        unsafe { (self.poll_init)(uv_loop, memory.handle(), descriptor) == 0 }
    }

    /// The handle does not keep the loop alive.
    ///
    /// # Safety
    /// On the loop's thread, with an initialised handle.
    pub unsafe fn unref(&self, memory: &Memory) {
        // SAFETY: as for the caller.
        unsafe { (self.unref)(memory.handle()) };
    }

    /// The loop calls `on_poll` from now on while the descriptor can be read. False where libuv refuses.
    ///
    /// # Safety
    /// On the loop's thread, after [`Uv::admit`].
    pub unsafe fn watch(&self, memory: &Memory, on_poll: OnPoll) -> bool {
        // SAFETY: as for the caller.
        unsafe { (self.poll_start)(memory.handle(), UV_READABLE, on_poll) == 0 }
    }

    /// Wakes the loop.
    ///
    /// # Safety
    /// On any thread, but before the handle is closed.
    pub unsafe fn send(&self, handle: *mut Handle) {
        // SAFETY: as for the caller. It fails for no handle of this kind.
        unsafe { (self.async_send)(handle) };
    }

    /// Closes an initialised handle. `on_close` says that its memory is the caller's again.
    ///
    /// # Safety
    /// On the loop's thread, once.
    pub unsafe fn close(&self, memory: &Memory, on_close: OnClose) {
        // SAFETY: as for the caller.
        unsafe { (self.close)(memory.handle(), on_close) };
    }
}
