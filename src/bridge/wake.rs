//! How the I/O thread wakes the event loop: by a threadsafe function without data, or on Linux by libuv itself. Neither keeps the process alive:
//! that is `lib/liveness.js`'s.

use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::OnceLock;

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use parking_lot::Mutex;

#[cfg(target_os = "linux")]
use super::event_loop::AsyncHandle;

/// JavaScript's `onWake()`. What it throws comes from a nextTick callback, and becomes an uncaught exception; nothing would be told of an error by
/// the error-first convention.
type OnWake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// A wake-up call that can be cancelled for ever.
#[derive(Clone)]
pub struct LoopWaker(Arc<Ways>);

struct Ways {
    function: Mutex<Option<OnWake>>,
    /// Wakes instead, where there is one.
    #[cfg(target_os = "linux")]
    async_handle: OnceLock<Arc<AsyncHandle>>,
}

impl LoopWaker {
    /// Wakes by calling `on_wake` on its event loop.
    ///
    /// # Errors
    /// When Node.js can't make a threadsafe function of it.
    pub fn new(on_wake: &Function<'_, (), ()>) -> napi::Result<Self> {
        let builder = on_wake.build_threadsafe_function::<()>().callee_handled::<false>().weak::<true>();
        let function = builder.build_callback(|_| Ok(()))?;
        Ok(Self(Arc::new(Ways {
            function: Mutex::new(Some(function)),
            #[cfg(target_os = "linux")]
            async_handle: OnceLock::new(),
        })))
    }

    /// From now on `async_handle` wakes.
    #[cfg(target_os = "linux")]
    pub fn use_async_handle(&self, async_handle: Arc<AsyncHandle>) {
        // There is one event loop, and one handle.
        let _ = self.0.async_handle.set(async_handle);
    }

    /// Lets the event loop call `onWake()` soon.
    pub fn wake(&self) {
        #[cfg(target_os = "linux")]
        if self.0.async_handle.get().is_some_and(|handle| handle.send()) {
            return;
        }
        if let Some(function) = &*self.0.function.lock() {
            function.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Never wakes again.
    pub fn close(&self) {
        drop(self.0.function.lock().take());
    }
}
