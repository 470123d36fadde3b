//! Which of our frames still wait for the peer's ACK, who waits with them, and how long the round trips take.
//!
//! | module | holds |
//! |---|---|
//! | `round_trip` | how long ACKs take, smoothed |

mod round_trip;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::{Micros, Step};
use round_trip::RoundTrip;

/// How long after it was sent a frame counts as timed out, in microseconds (docs/protocol.md, "Conversation").
pub const ACK_TIMEOUT: Micros = 2_500_000;

/// How many timed-out frames a session remembers, so that an ACK that comes late still settles its send.
pub const MAX_LATE: usize = 65_536;

/// How many frames may wait for their ACK at once; beyond it the oldest counts as timed out before its time.
pub const MAX_WAITING: usize = 1 << 20;

/// How many settled entries may stand between others; with more of them than others, they are taken out.
const MAX_SETTLED: usize = 64;

/// Who wants to know that a frame was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiter {
    /// Nobody: the ACK only gives a round-trip sample.
    Nobody,
    /// The application's promise for one message, by the number it gave the send.
    Send(u32),
    /// Our stream of this number, for this step of it.
    Stream(u32, Step),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Has its number but still stands in the outbox.
    Queued,
    /// Handed to the socket at this time.
    Sent(Micros),
    /// Counted as timed out; only kept for a late ACK.
    Late,
    /// Settled; leaves the ring when it reaches the front.
    Settled,
}

#[derive(Debug)]
struct Entry {
    /// Counts on where the frame's number, the lower half of it, begins anew.
    count: u64,
    waiter: Waiter,
    state: State,
}

/// The frames that wait for an ACK, in the order of their numbers, and the numbering itself.
#[derive(Debug, Default)]
pub struct Acks {
    /// The count of the next frame; its number is the lower half.
    next: u64,
    /// By their counts.
    entries: VecDeque<Entry>,
    late: usize,
    /// Settled entries, which stay while an older one still waits.
    settled: usize,
    timeouts: u32,
    rtt: RoundTrip,
    /// The newest round trip, until it is taken.
    sample: Option<Micros>,
}

impl Acks {
    /// A number for a frame that nobody acknowledges (PING repeats it in the PONG).
    pub fn number(&mut self) -> u32 {
        self.count() as u32
    }

    fn count(&mut self) -> u64 {
        // The second time round, a number may still be waited for.
        while self.next > u64::from(u32::MAX)
            && self.find(self.next as u32).is_some_and(|entry| entry.state != State::Settled)
        {
            self.next += 1;
        }
        self.next += 1;
        self.next - 1
    }

    /// A number for a frame that waits for its ACK from now on. It does not age until [`Acks::sent`].
    pub fn expect(&mut self, waiter: Waiter) -> u32 {
        let count = self.count();
        self.entries.push_back(Entry { count, waiter, state: State::Queued });
        count as u32
    }

    /// The same for a frame that goes to the socket at once.
    pub fn expect_sent(&mut self, waiter: Waiter, now: Micros) -> u32 {
        let count = self.count();
        self.entries.push_back(Entry { count, waiter, state: State::Sent(now) });
        count as u32
    }

    /// The frame has left the outbox for the socket.
    pub fn sent(&mut self, ack: u32, now: Micros) {
        // A peer that guessed the number may have settled it already.
        if let Some(entry) = self.find(ack)
            && entry.state == State::Queued
        {
            entry.state = State::Sent(now);
        }
    }

    /// The peer has acknowledged `ack`: who waited for it, if anybody did.
    pub fn acknowledge(&mut self, ack: u32, now: Micros) -> Option<Waiter> {
        let entry = self.find(ack)?;
        let waiter = entry.waiter;
        match std::mem::replace(&mut entry.state, State::Settled) {
            State::Settled => return None,
            State::Sent(at) => {
                let micros = now.saturating_sub(at);
                self.rtt.sample(micros);
                self.sample = Some(micros);
            }
            State::Late => self.late -= 1,
            // An ACK for what has not left yet is a lie of the peer's, but it can only harm the peer itself.
            State::Queued => {}
        }
        self.settled += 1;
        self.trim();
        Some(waiter)
    }

    /// The frame was dropped before it was sent: its waiter, if it had not been settled.
    pub fn forget(&mut self, ack: u32) -> Option<Waiter> {
        let entry = self.find(ack)?;
        let waiter = entry.waiter;
        if std::mem::replace(&mut entry.state, State::Settled) == State::Settled {
            return None;
        }
        self.settled += 1;
        self.trim();
        Some(waiter)
    }

    /// Counts what was sent more than [`ACK_TIMEOUT`] ago as timed out. With `keep_late` such frames, TX_FINISH always, and TX_START while other
    /// streams of ours are open (`streaming`), are still remembered, up to [`MAX_LATE`]; `released` gets the waiter of each frame that no ACK can settle any more.
    /// Returns how many were counted.
    pub fn sweep(&mut self, now: Micros, keep_late: bool, streaming: bool, mut released: impl FnMut(Waiter)) -> u32 {
        let before = self.timeouts;
        let waiting = self.entries.len().saturating_sub(self.late + self.settled);
        let mut excess = waiting.saturating_sub(MAX_WAITING);
        for entry in &mut self.entries {
            match entry.state {
                State::Sent(at) if excess > 0 || now.saturating_sub(at) >= ACK_TIMEOUT => {
                    excess = excess.saturating_sub(1);
                    self.timeouts = self.timeouts.saturating_add(1);
                    // These stand behind a stream's data: with a slow reader that takes longer.
                    let patient = match entry.waiter {
                        Waiter::Stream(_, Step::Finish) => true,
                        Waiter::Stream(_, Step::Start) => streaming,
                        _ => false,
                    };
                    if (keep_late || patient) && entry.waiter != Waiter::Nobody {
                        entry.state = State::Late;
                        self.late += 1;
                    } else {
                        entry.state = State::Settled;
                        self.settled += 1;
                        released(entry.waiter);
                    }
                }
                // Sent in order: nothing behind this one is older.
                State::Sent(_) | State::Queued => break,
                State::Late | State::Settled => {}
            }
        }
        let mut surplus = self.late.saturating_sub(MAX_LATE);
        for entry in &mut self.entries {
            if surplus == 0 {
                break;
            }
            if entry.state == State::Late {
                entry.state = State::Settled;
                self.late -= 1;
                self.settled += 1;
                surplus -= 1;
                released(entry.waiter);
            }
        }
        self.trim();
        self.timeouts - before
    }

    /// Whether any frame waits, so that a sweep has something to look at.
    pub fn is_waiting(&self) -> bool {
        self.entries.len() > self.late + self.settled
    }

    /// Whether any frame that counts as timed out is remembered, because its ACK may still come.
    pub fn has_late(&self) -> bool {
        self.late > 0
    }

    /// How many frames were counted as timed out since the last call.
    pub fn take_timeouts(&mut self) -> u32 {
        std::mem::take(&mut self.timeouts)
    }

    /// The smoothed round trip in milliseconds (EWMA, alpha 0.2, seeded by the first sample); `None` while unknown.
    pub fn rtt_ms(&self) -> Option<f64> {
        self.rtt.mean_ms()
    }

    /// The round trip in microseconds that the last [`Acks::acknowledge`] ended, if it ended one.
    pub fn take_sample(&mut self) -> Option<Micros> {
        self.sample.take()
    }

    /// The frame of this number that is waited for, or one that was.
    fn find(&mut self, ack: u32) -> Option<&mut Entry> {
        let (first, last) = (self.entries.front()?.count, self.entries.back()?.count);
        let distance = ack.wrapping_sub(first as u32);
        let mut count = first + u64::from(distance);
        // Numbers are consecutive but for those given to frames that nobody acknowledges: the guess is nearly always right.
        let mut found =
            usize::try_from(distance).ok().filter(|at| self.entries.get(*at).is_some_and(|entry| entry.count == count));
        // Where a number was given again, what had it before is settled.
        while count <= last
            && found.is_none_or(|at| self.entries.get(at).is_some_and(|entry| entry.state == State::Settled))
        {
            found = self.entries.binary_search_by_key(&count, |entry| entry.count).ok().or(found);
            count += 1 << 32;
        }
        self.entries.get_mut(found?)
    }

    fn trim(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.state == State::Settled) {
            self.entries.pop_front();
            self.settled -= 1;
        }
        // One frame that is never acknowledged must not keep the entries of all later ones.
        if self.settled > MAX_SETTLED && self.settled > self.entries.len() / 2 {
            self.entries.retain(|entry| entry.state != State::Settled);
            self.settled = 0;
        }
        // A burst must not leave its memory behind in an idle session.
        if self.entries.is_empty() && self.entries.capacity() > 64 {
            self.entries = VecDeque::new();
        }
    }
}
