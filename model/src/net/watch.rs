//! What the application's event loop watches a socket with: it is woken as by the other thread.

use std::io;
use std::sync::Arc;

use loom::sync::Notify;

use crate::Mutex;
use crate::net::bare::Bare;
use crate::net::socket::Client;

/// A socket by its key.
type Watched = (u64, Arc<Client>);

/// A set of one socket at most.
#[derive(Clone)]
pub struct Watch {
    bell: Arc<Notify>,
    socket: Arc<Mutex<Option<Watched>>>,
}

impl Watch {
    pub fn new(bell: Arc<Notify>) -> Self {
        Self { bell, socket: Arc::default() }
    }

    pub fn add(&self, socket: &Bare, key: u64) -> io::Result<()> {
        *self.socket.lock() = Some((key, Arc::clone(socket.client())));
        socket.watch(Some(self.clone()));
        Ok(())
    }

    pub fn remove(&self, socket: &Bare) {
        socket.watch(None);
        *self.socket.lock() = None;
    }

    pub fn readable(&self, keys: &mut Vec<u64>) {
        let socket = self.socket.lock();
        keys.extend(socket.iter().filter(|(_, client)| client.has_sent()).map(|(key, _)| *key));
    }

    /// The socket can be read.
    pub fn show(&self) {
        self.bell.notify();
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}
