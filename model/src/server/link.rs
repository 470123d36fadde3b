//! A session that counts how often its reader is roused.

use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug, Default)]
pub struct Link {
    pub roused: AtomicUsize,
}

impl Link {
    pub fn rouse(&self) {
        self.roused.fetch_add(1, Ordering::Relaxed);
    }
}
