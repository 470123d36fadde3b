//! The memory that both sides of the bridge share: JavaScript makes it once, and each call says only how much of it is filled.

use napi::bindgen_prelude::{Uint8Array, Uint32Array};
use napi_derive::napi;

/// The arrays of `lib/bridge/bridge.js`. Passed with each call instead, looking them up would cost as much as a short message.
#[napi(object, object_to_js = false)]
pub struct NativeArrays {
    /// Descriptors of commands.
    pub commands: Uint32Array,
    /// Their payloads.
    pub outgoing: Uint8Array,
    /// Descriptors of events.
    pub words: Uint32Array,
    /// Their payloads.
    pub incoming: Uint8Array,
}

impl NativeArrays {
    /// The commands, of which `count` are given, and the array with their payloads.
    pub fn given(&self, count: u32) -> (&[u32], &[u8]) {
        let words = count as usize * super::commands::WORDS;
        (self.commands.get(..words).unwrap_or_default(), &self.outgoing)
    }

    /// Where events go: descriptors and payloads.
    pub fn room(&mut self) -> (&mut [u32], &mut [u8]) {
        // SAFETY: the arrays are private to lib/bridge/bridge.js, which never transfers them, and runs on the thread that is in this call.
        unsafe { (self.words.as_mut(), self.incoming.as_mut()) }
    }
}
