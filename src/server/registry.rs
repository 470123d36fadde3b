//! Which sids are taken, and which connection has which slot.

use std::collections::HashMap;
use std::sync::Arc;

use super::link::Link;

/// Who has a sid.
#[derive(Debug)]
enum Holder {
    /// A handshake whose verdict is not there yet.
    Handshake,
    /// A session.
    Session(Arc<Link>),
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    link: Option<Arc<Link>>,
}

/// Sids and slots. A slot is free again only when JavaScript has handled the session's end.
#[derive(Debug, Default)]
pub struct Registry {
    sids: HashMap<u64, Holder>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// The answer to a request for a sid.
#[derive(Debug)]
pub enum Reservation {
    /// It is the caller's now.
    Granted,
    /// Another handshake has it.
    Pending,
    /// This session has it.
    Taken(Arc<Link>),
}

impl Registry {
    /// Reserves a sid for a handshake.
    pub fn reserve(&mut self, sid: u64) -> Reservation {
        match self.sids.get(&sid) {
            Some(Holder::Handshake) => Reservation::Pending,
            Some(Holder::Session(link)) => Reservation::Taken(Arc::clone(link)),
            None => {
                self.sids.insert(sid, Holder::Handshake);
                Reservation::Granted
            }
        }
    }

    /// The handshake came to nothing.
    pub fn cancel(&mut self, sid: u64) {
        if matches!(self.sids.get(&sid), Some(Holder::Handshake)) {
            self.sids.remove(&sid);
        }
    }

    /// The handshake became a session: `make` gets its slot and generation.
    pub fn open(&mut self, sid: u64, make: impl FnOnce(u32, u32) -> Arc<Link>) -> Arc<Link> {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let generation = self.slots.get(index as usize).map_or(0, |slot| slot.generation);
        let link = make(index, generation);
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.link = Some(Arc::clone(&link));
        }
        self.sids.insert(sid, Holder::Session(Arc::clone(&link)));
        link
    }

    /// The session is over: its sid is free. False if that was known.
    pub fn release(&mut self, link: &Arc<Link>) -> bool {
        // By identity: the sid may be another session's by now.
        if matches!(self.sids.get(&link.sid), Some(Holder::Session(holder)) if Arc::ptr_eq(holder, link)) {
            self.sids.remove(&link.sid);
        }
        match self.slots.get_mut(link.slot as usize) {
            Some(slot) if slot.generation == link.generation => slot.link.take().is_some(),
            _ => false,
        }
    }

    /// JavaScript has handled the end of the session in this slot.
    pub fn free(&mut self, slot: u32) {
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.generation = entry.generation.wrapping_add(1);
            self.free.push(slot);
        }
    }

    /// The session in a slot, if it still is the one of that generation.
    pub fn get(&self, slot: u32, generation: u32) -> Option<&Arc<Link>> {
        self.slots.get(slot as usize)?.link.as_ref().filter(|link| link.generation == generation)
    }

    /// All sessions.
    pub fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.slots.iter().filter_map(|slot| slot.link.as_ref())
    }
}
