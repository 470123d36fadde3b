//! How the I/O thread wakes the event loop: by a threadsafe function without data, or on Linux by libuv itself. The former keeps the process alive
//! while the server runs, in either case.

use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::sync::OnceLock;

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use parking_lot::Mutex;

#[cfg(target_os = "linux")]
use super::event_loop::Bell;

/// JavaScript's `onWake()`. What it throws comes from a nextTick callback, and becomes an uncaught exception; nothing would be told of an error by
/// the error-first convention.
type OnWake = ThreadsafeFunction<(), (), (), Status, false>;

/// A wake-up call that can be cancelled for ever.
#[derive(Clone)]
pub struct Alarm(Arc<Ways>);

struct Ways {
    function: Mutex<Option<OnWake>>,
    /// Rings instead, where there is one.
    #[cfg(target_os = "linux")]
    bell: OnceLock<Arc<Bell>>,
}

impl Alarm {
    /// Wakes by calling `on_wake` on its event loop.
    ///
    /// # Errors
    /// When Node.js can't make a threadsafe function of it.
    pub fn new(on_wake: &Function<'_, (), ()>) -> napi::Result<Self> {
        let function =
            on_wake.build_threadsafe_function::<()>().callee_handled::<false>().build_callback(|_| Ok(()))?;
        Ok(Self(Arc::new(Ways {
            function: Mutex::new(Some(function)),
            #[cfg(target_os = "linux")]
            bell: OnceLock::new(),
        })))
    }

    /// From now on `bell` rings.
    #[cfg(target_os = "linux")]
    pub fn use_bell(&self, bell: Arc<Bell>) {
        // There is one event loop, and one bell.
        let _ = self.0.bell.set(bell);
    }

    /// Lets the event loop call `onWake()` soon.
    pub fn ring(&self) {
        #[cfg(target_os = "linux")]
        if self.0.bell.get().is_some_and(|bell| bell.ring()) {
            return;
        }
        if let Some(function) = &*self.0.function.lock() {
            function.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Never rings again, and no longer keeps the process alive.
    pub fn dismantle(&self) {
        drop(self.0.function.lock().take());
    }
}
