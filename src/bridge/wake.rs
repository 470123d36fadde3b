//! How the I/O thread wakes the event loop: a threadsafe function without data, which also keeps the process alive while the server runs.

use std::sync::Arc;

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use parking_lot::Mutex;

/// JavaScript's `onWake()`. It catches everything itself, so the error-first convention would only cost.
type OnWake = ThreadsafeFunction<(), (), (), Status, false>;

/// A wake-up call that can be cancelled for ever.
#[derive(Clone)]
pub struct Alarm(Arc<Mutex<Option<OnWake>>>);

impl Alarm {
    /// Wakes by calling `on_wake` on its event loop.
    ///
    /// # Errors
    /// When Node.js can't make a threadsafe function of it.
    pub fn new(on_wake: &Function<'_, (), ()>) -> napi::Result<Self> {
        let function =
            on_wake.build_threadsafe_function::<()>().callee_handled::<false>().build_callback(|_| Ok(()))?;
        Ok(Self(Arc::new(Mutex::new(Some(function)))))
    }

    /// Lets the event loop call `onWake()` soon.
    pub fn ring(&self) {
        if let Some(function) = &*self.0.lock() {
            function.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Never rings again, and no longer keeps the process alive.
    pub fn dismantle(&self) {
        drop(self.0.lock().take());
    }
}
