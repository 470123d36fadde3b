//! JavaScript's exchange with the server: carries out batches of commands, and fills the arrays with the next events.

use std::cell::RefCell;
use std::sync::Arc;

use super::arrays::NativeArrays;
use super::commands::Dispatcher;
use super::delivery::Delivery;
use super::dirty::Dirty;
use super::yield_cpu::yield_cpu;
use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::events::batch::Batch;
use crate::server::http::relay::Relay;

/// For the JavaScript thread alone, whose calls never overlap: what is called while another call goes on does nothing.
pub struct Exchange {
    shared: Arc<Shared>,
    state: RefCell<State>,
}

struct State {
    arrays: NativeArrays,
    delivery: Delivery,
    dirty: Dirty,
    /// JavaScript has handled all that it was given, and waits to be woken.
    at_rest: bool,
}

impl Exchange {
    /// One that nothing has crossed yet.
    pub fn new(shared: &Arc<Shared>, arrays: NativeArrays) -> Self {
        let state = State { arrays, delivery: Delivery::default(), dirty: Dirty::default(), at_rest: true };
        Self { shared: Arc::clone(shared), state: RefCell::new(state) }
    }

    /// Carries out `count` commands, then writes the next events to the arrays; how many there are. None means that all is written that was
    /// sent, and that the next event wakes JavaScript again; otherwise some may wait for the next exchange or flush.
    pub fn give_and_take(&self, count: u32) -> u32 {
        let Ok(mut state) = self.state.try_borrow_mut() else { return 0 };
        // What the next events cause should leave in the same writes; replies to those of a batch leave at its end.
        let more = !state.delivery.is_through() || self.shared.inbox.has_more();
        state.carry_out(&self.shared, count, more);
        if state.delivery.is_through() {
            self.shared.flush_delivered();
        }
        state.fill(&self.shared)
    }

    /// Writes the first events to the arrays, for which JavaScript is about to be woken; how many there are. None where it still has others to
    /// handle.
    pub fn first_events(&self) -> u32 {
        match self.state.try_borrow_mut() {
            Ok(mut state) if state.at_rest => state.fill(&self.shared),
            _ => 0,
        }
    }

    /// Carries out `count` commands and writes what they send, or leaves most of that to the next flush or exchange, when `more` is to come in
    /// this turn.
    pub fn flush(&self, count: u32, more: bool) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            state.carry_out(&self.shared, count, more);
        }
    }

    /// Carries out one command whose payload is too large for the common array. What it leaves to be written leaves with the next flush or
    /// exchange.
    pub fn command(&self, [slot, code, a, b]: [u32; 4], payload: &[u8]) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            let State { delivery, dirty, .. } = &mut *state;
            let command = [slot, code, a, b, payload.len() as u32];
            run(&self.shared, delivery, dirty, &command, payload, true);
        }
    }

    /// Does something with what is being delivered. None within another call.
    pub fn with_delivery<R>(&self, act: impl FnOnce(&mut Delivery) -> R) -> Option<R> {
        Some(act(&mut self.state.try_borrow_mut().ok()?.delivery))
    }

    /// The connection of the next `HttpOpened` event.
    pub fn take_relay(&self) -> Option<Arc<Relay>> {
        self.with_delivery(Delivery::take_relay)?
    }

    /// The session in a slot.
    pub fn link(&self, slot: u32) -> Option<Arc<Link>> {
        self.with_delivery(|delivery| delivery.link(slot).cloned())?
    }
}

impl State {
    fn carry_out(&mut self, shared: &Shared, count: u32, more: bool) {
        let Self { arrays, delivery, dirty, .. } = self;
        let (commands, payloads) = arrays.given(count);
        run(shared, delivery, dirty, commands, payloads, more);
    }

    fn fill(&mut self, shared: &Shared) -> u32 {
        let (words, bytes) = self.arrays.room();
        let events = self.delivery.next(shared, words, bytes);
        self.at_rest = events == 0;
        events as u32
    }
}

/// Carries out commands, then writes what they and earlier ones send, unless `more` is to come and that may wait for it.
fn run(shared: &Shared, delivery: &mut Delivery, dirty: &mut Dirty, commands: &[u32], payloads: &[u8], more: bool) {
    let now = shared.now();
    shared.lending.read_if_late(now);
    let mut events = Batch::default();
    let bytes = Dispatcher { shared, now, delivery, dirty, events: &mut events }.dispatch(commands, payloads);
    if !more || dirty.is_due(now, bytes) {
        dirty.write(now, &mut events);
    }
    shared.post(events);
    yield_cpu();
}

#[cfg(test)]
mod tests {
    use napi::bindgen_prelude::{Uint8Array, Uint32Array};

    use super::*;
    use crate::server::events::batch::{Code, WORDS};
    use crate::server::settings::Settings;

    #[test]
    fn javascript_is_woken_with_events_only_when_it_has_handled_those_before() {
        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let arrays = NativeArrays {
            commands: Uint32Array::new(vec![0; 10]),
            outgoing: Uint8Array::new(vec![0; 10]),
            words: Uint32Array::new(vec![0; 2 * WORDS]),
            incoming: Uint8Array::new(vec![0; 10]),
        };
        let exchange = Exchange::new(&shared, arrays);
        let happen = |events: u32| {
            shared.inbox.write(|filling| (0..events).for_each(|at| filling.batch.push(at, Code::Binary, 0, 0, b"")));
        };
        assert_eq!(exchange.first_events(), 0, "nothing has happened");
        happen(3);
        assert_eq!(exchange.first_events(), 2, "as many as fit");
        happen(1);
        assert_eq!(exchange.first_events(), 0, "they would overwrite the others");
        assert_eq!([(); 3].map(|()| exchange.give_and_take(0)), [1, 1, 0]);
        happen(1);
        assert_eq!(exchange.first_events(), 1);
    }
}
