//! JavaScript's `onWake`, as the event loop itself calls it: from no other JavaScript, in a callback scope, at whose end ticks and microtasks run.

use std::ffi::CStr;
use std::ptr;

use napi::bindgen_prelude::{Env, Function, Object};
use napi::{JsValue as _, sys};

/// What async hooks call it.
const NAME: &CStr = c"CryoServer";

/// The function, and what its calls count as for async hooks.
pub struct OnWake {
    env: sys::napi_env,
    function: sys::napi_ref,
    context: sys::napi_async_context,
}

impl OnWake {
    /// Keeps the function until [`OnWake::release`], to be called in `resource`, which whoever made it keeps. None where Node.js refuses.
    pub fn new(env: &Env, function: &Function<'_, (), ()>, resource: &Object<'_>) -> Option<Self> {
        let env = env.raw();
        // SAFETY: the environment and the function live during this call. A reference that was made is deleted once.
        unsafe {
            let function = reference(env, function.raw())?;
            let Some(context) = async_context(env, resource.raw()) else {
                sys::napi_delete_reference(env, function);
                return None;
            };
            Some(Self { env, function, context })
        }
    }

    /// Calls it with what `count` returns, which is asked last.
    ///
    /// # Safety
    /// From the event loop, whose environment lives, and before [`OnWake::release`].
    pub unsafe fn call(&self, count: impl FnOnce() -> u32) {
        let (env, mut handles, mut callback) = (self.env, ptr::null_mut(), ptr::null_mut());
        // SAFETY: as for the caller. Both scopes are closed, the inner one first.
        unsafe {
            if !is_ok(sys::napi_open_handle_scope(env, &mut handles)) {
                return;
            }
            if is_ok(sys::napi_open_callback_scope(env, ptr::null_mut(), self.context, &mut callback)) {
                self.call_within(count);
                sys::napi_close_callback_scope(env, callback);
            }
            sys::napi_close_handle_scope(env, handles);
        }
    }

    /// What a nextTick callback threw there is the application's to catch, as it is everywhere else; within the callback's scope, which would not
    /// know its way out otherwise.
    ///
    /// # Safety
    /// As for [`OnWake::call`], within a handle scope.
    unsafe fn call_within(&self, count: impl FnOnce() -> u32) {
        let env = self.env;
        let (mut receiver, mut function, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let mut argument = ptr::null_mut();
        // SAFETY: the environment lives, and the values are used within the scope.
        unsafe {
            if !is_ok(sys::napi_get_undefined(env, &mut receiver))
                || !is_ok(sys::napi_get_reference_value(env, self.function, &mut function))
                || !is_ok(sys::napi_create_uint32(env, count(), &mut argument))
            {
                return;
            }
            let status = sys::napi_call_function(env, receiver, function, 1, &argument, ptr::null_mut());
            if status == sys::Status::napi_pending_exception
                && is_ok(sys::napi_get_and_clear_last_exception(env, &mut error))
            {
                sys::napi_fatal_exception(env, error);
            }
        }
    }

    /// Lets go of the function.
    ///
    /// # Safety
    /// On the event loop's thread, while the environment lives, once, and outside of [`OnWake::call`]: as long as that has its scope open, newer
    /// versions of Node.js have a pointer into the context, and JavaScript that still runs reads through it.
    pub unsafe fn release(&self) {
        // SAFETY: as for the caller.
        unsafe {
            sys::napi_delete_reference(self.env, self.function);
            sys::napi_async_destroy(self.env, self.context);
        }
    }
}

/// # Safety
/// The environment and the value live.
unsafe fn reference(env: sys::napi_env, function: sys::napi_value) -> Option<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: as for the caller.
    is_ok(unsafe { sys::napi_create_reference(env, function, 1, &mut reference) }).then_some(reference)
}

/// # Safety
/// The environment and the value live.
unsafe fn async_context(env: sys::napi_env, resource: sys::napi_value) -> Option<sys::napi_async_context> {
    let (mut name, mut context) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as for the caller, and the name is as long as is said.
    unsafe {
        let length = NAME.count_bytes() as isize;
        let made = is_ok(sys::napi_create_string_latin1(env, NAME.as_ptr(), length, &mut name))
            && is_ok(sys::napi_async_init(env, resource, name, &mut context));
        made.then_some(context)
    }
}

pub(super) fn is_ok(status: sys::napi_status) -> bool {
    status == sys::Status::napi_ok
}
