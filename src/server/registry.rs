//! Which sids are taken, and which connection has which slot.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::connection::link::Link;

/// Who has a sid: a session, a handshake whose answer is not there yet, or one that may take the session's place.
#[derive(Debug, Default)]
struct Holders {
    handshake: bool,
    session: Option<Arc<Link>>,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    link: Option<Arc<Link>>,
}

/// A session's place in the table that JavaScript keeps too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotId {
    /// Its index.
    pub slot: u32,
    /// Tells the session from earlier ones in the same slot.
    pub generation: u32,
}

/// Sids and slots. A slot is free again only when JavaScript has handled the session's end.
#[derive(Debug, Default)]
pub struct Registry {
    sids: HashMap<u64, Holders>,
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// The answer to a request for a sid.
#[derive(Debug)]
pub enum Reservation {
    /// It is the caller's now. If a session has it still, that has to go before [`Registry::open`].
    Granted(Option<Arc<Link>>),
    /// Another handshake has it.
    Pending,
}

impl Registry {
    /// Reserves a sid for a handshake, so that of two with one sid only one can succeed.
    pub fn reserve(&mut self, sid: u64) -> Reservation {
        let holders = self.sids.entry(sid).or_default();
        if std::mem::replace(&mut holders.handshake, true) {
            Reservation::Pending
        } else {
            Reservation::Granted(holders.session.clone())
        }
    }

    /// The handshake came to nothing.
    pub fn cancel(&mut self, sid: u64) {
        self.give_up(sid, |holders| holders.handshake = false);
    }

    /// The session that has a sid.
    pub fn holder(&self, sid: u64) -> Option<Arc<Link>> {
        self.sids.get(&sid)?.session.clone()
    }

    /// The handshake became a session: `make` gets its slot.
    pub fn open(&mut self, sid: u64, make: impl FnOnce(SlotId) -> Arc<Link>) -> Arc<Link> {
        let link = self.place(make);
        self.sids.insert(sid, Holders { handshake: false, session: Some(Arc::clone(&link)) });
        link
    }

    /// A session whose sid names it at another server only: `make` gets its slot.
    pub fn place(&mut self, make: impl FnOnce(SlotId) -> Arc<Link>) -> Arc<Link> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        let generation = self.slots.get(slot as usize).map_or(0, |entry| entry.generation);
        let link = make(SlotId { slot, generation });
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.link = Some(Arc::clone(&link));
        }
        link
    }

    /// The session is over: its sid is free. Only the first call counts.
    pub fn release(&mut self, link: &Arc<Link>) {
        // By identity: the sid may be another session's by now.
        self.give_up(link.sid, |holders| {
            holders.session.take_if(|holder| Arc::ptr_eq(holder, link));
        });
        if let Some(slot) = self.slots.get_mut(link.slot as usize)
            && slot.generation == link.generation
        {
            slot.link = None;
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
    pub fn get(&self, SlotId { slot, generation }: SlotId) -> Option<&Arc<Link>> {
        self.slots.get(slot as usize)?.link.as_ref().filter(|link| link.generation == generation)
    }

    /// All sessions.
    pub fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.slots.iter().filter_map(|slot| slot.link.as_ref())
    }

    fn give_up(&mut self, sid: u64, change: impl FnOnce(&mut Holders)) {
        if let Entry::Occupied(mut entry) = self.sids.entry(sid) {
            change(entry.get_mut());
            if !entry.get().handshake && entry.get().session.is_none() {
                entry.remove();
            }
        }
    }
}
