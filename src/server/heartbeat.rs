//! Rounds over the sessions: pings, figures, silent peers, overdue ACKs. No timer per session.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Shared;
use super::connection::link::Link;
use super::registry::SlotId;
use crate::session::{Beat, Micros};

/// Parts that a round is split into, so that many sessions don't all have their turn at once.
const PARTS: usize = 64;

/// The shortest time between two parts.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

/// Sessions that a part has room for, at least, once it has any.
const LEAST_ROOM: usize = 16;

/// Sessions that have their turns before the sockets are looked at again. What they answer is read while they are still in the processor's
/// caches, and nobody waits for a whole part.
const GROUP: usize = 16;

/// Time between two looks for overdue ACKs.
const SWEEP: Duration = Duration::from_millis(250);

/// How long these looks may take before others have their turns. More than thousands of sessions need in which little is overdue: their sockets
/// would be read in as many small pieces, which takes a tenth of the throughput.
const LONGEST_LOOK: Duration = Duration::from_millis(20);

/// How late a round is, at least, where the process is taken to have stood still. More than [`CATCH_UP`] makes the next one.
const STANDSTILL: Duration = Duration::from_millis(500);

/// Time for what came during a standstill.
const CATCH_UP: Duration = Duration::from_millis(250);

/// Sessions by the part of the round in which they came, and so have their turns: the first one a whole interval later.
#[derive(Debug)]
pub struct Wheel {
    parts: Vec<Vec<SlotId>>,
    current: usize,
}

impl Wheel {
    /// A wheel for rounds of this length.
    pub fn new(keep_alive: Duration) -> Self {
        let fit = keep_alive.as_nanos() / SHORTEST_TICK.as_nanos();
        let parts = usize::try_from(fit).unwrap_or(PARTS).clamp(1, PARTS);
        Self { parts: vec![Vec::new(); parts], current: 0 }
    }

    /// A session came. Those of its part that are not `open` any more are forgotten before more memory is taken: with a long interval, many come
    /// and go before its turn.
    pub fn add(&mut self, session: SlotId, open: impl Fn(SlotId) -> bool) {
        let Some(part) = self.parts.get_mut(self.current) else { return };
        if part.len() == part.capacity() {
            part.retain(|session| open(*session));
            // Room for as many as there are, so that the next look at all of them is that far away.
            part.reserve(part.len().max(LEAST_ROOM));
        }
        part.push(session);
    }

    fn turn(&mut self) -> Vec<SlotId> {
        self.current = (self.current + 1) % self.parts.len().max(1);
        self.parts.get_mut(self.current).map(std::mem::take).unwrap_or_default()
    }

    fn keep(&mut self, mut alive: Vec<SlotId>) {
        if let Some(part) = self.parts.get_mut(self.current) {
            // Those that came since the turn began stand in the same part.
            alive.append(part);
            *part = alive;
        }
    }
}

/// Looks at each session once per interval.
pub async fn run(shared: Arc<Shared>) {
    let parts = shared.wheel.lock().parts.len().max(1);
    let tick = shared.settings.keep_alive / parts as u32;
    let mut ticks = interval_at(Instant::now() + tick, tick);
    // After a stall, rounds are not made up for: peers would get pings faster than they can answer.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        catch_up(ticks.tick().await).await;
        let members = shared.wheel.lock().turn();
        let mut alive = Vec::with_capacity(members.len());
        for group in members.chunks(GROUP) {
            alive.extend(group.iter().filter(|session| beat(&shared, **session)));
            tokio::task::yield_now().await;
        }
        shared.wheel.lock().keep(alive);
        shared.inbox.relax();
    }
}

/// Has sockets read before a round that was due at this time. A process that goes on after a standstill (it was stopped, or its machine was) may
/// see its timers first, and would miss the answers that lie in its sockets.
async fn catch_up(due: Instant) {
    if due.elapsed() > STANDSTILL {
        tokio::task::yield_now().await;
        // The runtime looks at so many sockets at a time, and the event loop reads those that are lent to it.
        tokio::time::sleep(CATCH_UP).await;
        tokio::task::yield_now().await;
    }
}

/// One session's turn. False when there is no such session any more.
fn beat(shared: &Shared, session: SlotId) -> bool {
    let Some(link) = shared.registry.lock().get(session).cloned() else {
        return false;
    };
    let now = shared.now();
    shared.inbox.write(|filling| {
        let mut core = link.lock();
        let paused = core.paused;
        let number = filling.number;
        let beat = core.with(now, filling.batch.sink(link.slot, number), |session, io| session.beat(paused, io));
        match beat {
            Beat::Alive(stats) if core.tells_stats => filling.batch.sink(link.slot, number).stats(&stats),
            // The driver has a deadline to set, also when the socket takes nothing any more.
            Beat::Dead => link.wake(),
            Beat::Alive(_) | Beat::Leaving => {}
        }
    });
    // Pings don't wait for the application.
    shared.flush(&link, link.lock());
    link.lock().outgoing.relax();
    true
}

/// Looks for overdue ACKs, in the sessions that wait for any; and for applications that handle nothing while they wait for one, overdue or not.
pub async fn sweep(shared: Arc<Shared>) {
    loop {
        shared.awaiting_grew.notified().await;
        loop {
            let due = Instant::now() + SWEEP;
            tokio::time::sleep_until(due).await;
            catch_up(due).await;
            let links = std::mem::take(&mut *shared.awaiting.lock());
            let mut waiting = look_at_all(&shared, links, LONGEST_LOOK).await;
            let mut awaiting = shared.awaiting.lock();
            if waiting.is_empty() && awaiting.is_empty() {
                break;
            }
            awaiting.append(&mut waiting);
        }
    }
}

/// Looks for these sessions' overdue ACKs, and gives others their turns after `longest` of it. Returns those that still wait for any.
async fn look_at_all(shared: &Shared, links: Vec<Arc<Link>>, longest: Duration) -> Vec<Arc<Link>> {
    let now = shared.now();
    let mut links = links.into_iter();
    let mut waiting = Vec::with_capacity(links.len());
    let mut begun = Instant::now();
    while links.len() > 0 {
        waiting.extend(links.by_ref().take(GROUP).filter(|link| look(shared, link, now)));
        if begun.elapsed() >= longest {
            tokio::task::yield_now().await;
            begun = Instant::now();
        }
    }
    waiting
}

/// One session's turn in that. False when it needs none any more.
fn look(shared: &Shared, link: &Arc<Link>, now: Micros) -> bool {
    let core = link.lock();
    if core.dirty {
        // The application's turn goes on, and may for long: what it has sent must not wait for an ACK before it has left.
        shared.flush(link, core);
    } else {
        drop(core);
    }
    shared.inbox.write(|filling| {
        let mut core = link.lock();
        let number = filling.number;
        core.with(now, filling.batch.sink(link.slot, number), |session, io| session.sweep(io));
        if core.paused && core.session.window.raise_if_stalled() {
            link.wake();
        }
        core.awaiting = core.session.awaits_acks() || core.paused && core.session.may_await_late_ack();
        core.awaiting
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_its_first_turn_a_whole_round_after_it_came() {
        let mut wheel = Wheel::new(Duration::from_millis(150));
        let [first, second] = [7, 8].map(|slot| SlotId { slot, generation: 1 });
        assert_eq!(wheel.parts.len(), 15);
        wheel.turn();
        wheel.add(first, |_| true);
        for _ in 0..14 {
            assert!(wheel.turn().is_empty());
        }
        let members = wheel.turn();
        assert_eq!(members, [first]);
        wheel.add(second, |_| true);
        wheel.keep(members);
        assert_eq!(wheel.parts[wheel.current], [first, second]);
    }

    #[test]
    fn those_that_left_take_no_memory_until_their_turn() {
        let mut wheel = Wheel::new(Duration::from_secs(24 * 60 * 60));
        let stays = |session: SlotId| session.slot.is_multiple_of(1000);
        for slot in 0..100_000 {
            wheel.add(SlotId { slot, generation: 1 }, stays);
        }
        let part = &wheel.parts[wheel.current];
        assert_eq!(part.iter().filter(|session| stays(**session)).count(), 100, "who is there is not forgotten");
        assert!(part.capacity() < 400, "{}", part.capacity());
    }

    #[test]
    fn any_interval_has_parts() {
        assert_eq!(Wheel::new(Duration::from_nanos(1)).parts.len(), 1);
        assert_eq!(Wheel::new(Duration::from_secs(15)).parts.len(), PARTS);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn others_have_their_turns_during_a_sweep() {
        use crate::net::socket::Socket;
        use crate::net::websocket::Role;
        use crate::net::write_buffer::WriteBuffer;
        use crate::server::settings::Settings;
        use crate::session::{Session, Wire as _};

        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let link = |_| {
            let (ours, theirs) = tokio::net::UnixStream::pair().expect("two sockets");
            let (_, write) = Socket::Unix(ours).into_split();
            let session = Session::new(1, Arc::default());
            let link = Link::new(Default::default(), 1, session, WriteBuffer::new(Role::Server), None, write);
            let mut core = link.lock();
            // What the application has sent in a turn that goes on leaves with the sweep.
            core.outgoing.pong(b"output");
            core.dirty = true;
            drop(core);
            (link, theirs)
        };
        let links: Vec<_> = (0..3 * GROUP).map(link).collect();
        let all = links.iter().map(|(link, _)| Arc::clone(link)).collect();
        let looking = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move { look_at_all(&shared, all, Duration::ZERO).await }
        });
        let had_turns = || links.iter().filter(|(link, _)| link.lock().outgoing.pending() == 0).count();
        while had_turns() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(had_turns(), GROUP);
        looking.abort();
    }
}
