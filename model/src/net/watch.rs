//! What the application's event loop watches sockets with: it is woken as by the other thread.

use std::io;
use std::sync::Arc;

use loom::sync::Notify;

use crate::net::bare::Bare;

/// A set of sockets.
#[derive(Clone)]
pub struct Watch(Arc<Notify>);

impl Watch {
    pub fn new(bell: Arc<Notify>) -> Self {
        Self(bell)
    }

    pub fn add(&self, socket: &Bare, _key: u64) -> io::Result<()> {
        socket.watch(Some(self.clone()));
        Ok(())
    }

    pub fn remove(&self, socket: &Bare) {
        socket.watch(None);
    }

    /// There is never more than one.
    pub fn readable(&self, _keys: &mut Vec<u64>) {}

    /// One of them can be read.
    pub fn show(&self) {
        self.0.notify();
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}
