//! The application and its end of the bridge: takes events when it is woken, as `lib/bridge/bridge.js` does, gives commands in batches, and
//! asserts what may reach it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cryo_server::bridge::commands::{Command, Dispatcher};
use cryo_server::bridge::delivery::Delivery;
use cryo_server::bridge::dirty::Dirty;
use cryo_server::protocol::FrameType;
use cryo_server::server::Shared;
use cryo_server::server::events::batch::{ASCII_FLAG, Batch, Code, LARGE, LARGE_FLAG, VERDICT_FLAG, WORDS};
use cryo_server::session::Outcome;
use cryo_server::session::receive_window::{CHUNK_COST, EVENT_COST, STREAM_COST};

use super::super::input::Input;
use super::peer::Peer;
use super::{expected, payload};

/// What it knows of one session.
#[derive(Default)]
pub struct Known {
    pub opened: bool,
    pub closed: bool,
    /// It has said good-bye.
    pub left: bool,
    /// Messages it sent while the session was not over, and those whose end it does not know, by token.
    pub sent: BTreeSet<u32>,
    pub unsettled: BTreeSet<u32>,
    /// Those that were dropped.
    pub dropped: HashSet<u32>,
    /// Messages that wait for its verdict.
    verdicts: Vec<(u32, u32)>,
    /// Bytes it keeps beyond their batch.
    held: u32,
    /// Streams that it has begun.
    streams: u32,
}

/// The JavaScript side.
pub struct Application {
    delivery: Delivery,
    woken: Arc<AtomicBool>,
    /// It was woken, and has not come to the end of what there is.
    busy: bool,
    /// The array for events' payloads.
    incoming: Vec<u8>,
    /// Commands that it has not given yet, and their payloads.
    words: Vec<u32>,
    payloads: Vec<u8>,
    token: u32,
    pub sessions: Vec<Known>,
    /// Both threads tell of what they did: what this one tells may come behind what the other does, an end for instance.
    two_threads: bool,
}

impl Application {
    /// One that the flag wakes, with this many sessions to come.
    pub fn new(woken: Arc<AtomicBool>, sessions: usize, two_threads: bool) -> Self {
        Self {
            delivery: Delivery::default(),
            woken,
            busy: false,
            incoming: vec![0; 2 * LARGE],
            words: Vec::new(),
            payloads: Vec::new(),
            token: 0,
            sessions: (0..sessions).map(|_| Known::default()).collect(),
            two_threads,
        }
    }

    fn command(&mut self, slot: u32, command: Command, a: u32, b: u32, payload: &[u8]) {
        self.words.extend_from_slice(&[slot, command as u32, a, b, payload.len() as u32]);
        self.payloads.extend_from_slice(payload);
    }

    /// One thing it may ask for, of a session that it knows.
    pub fn act(&mut self, slot: u32, input: &mut Input<'_>) {
        if !self.sessions[slot as usize].opened {
            return;
        }
        let choice = input.byte() % 16;
        let number = u32::from(input.byte() % 4);
        match choice {
            0..=7 => {
                let command = [Command::Utf8, Command::Binary, Command::Error][number as usize % 3];
                self.token += 1;
                let token = self.token;
                let Some(known) = self.sessions.get_mut(slot as usize) else { return };
                if !known.closed && !known.left {
                    known.sent.insert(token);
                    known.unsettled.insert(token);
                    self.command(slot, command, token, 0, &payload(token, input));
                }
            }
            8 | 9 => self.judge(slot, usize::from(input.byte())),
            10 => self.command(slot, Command::Ping, 0, 0, &[]),
            11 => {
                let bytes = u32::from(input.byte()) << 8;
                self.sessions[slot as usize].held += bytes;
                self.command(slot, Command::Hold, bytes, 0, &[]);
            }
            12 if number == 0 => self.release(slot, u32::from(input.byte()) << 8),
            12 | 13 => self.stream(slot, number, input),
            14 => self.command(slot, Command::TxRoom, number * 1000, 0, &[]),
            _ => self.leave(slot, input),
        }
    }

    fn stream(&mut self, slot: u32, choice: u32, input: &mut Input<'_>) {
        let Some(known) = self.sessions.get_mut(slot as usize) else { return };
        let stream = known.streams;
        match choice {
            0 => {
                known.streams += 1;
                self.command(slot, Command::TxStart, stream + 1, u32::MAX, b"stream");
            }
            1 | 2 => self.command(slot, Command::TxChunk, stream, 0, &payload(0, input)),
            _ => self.command(slot, Command::TxFinish, stream, 0, &[]),
        }
    }

    fn leave(&mut self, slot: u32, input: &mut Input<'_>) {
        if let Some(known) = self.sessions.get_mut(slot as usize) {
            known.left = true;
            let command = if input.flag() { Command::Bye } else { Command::Close };
            self.command(slot, command, 4000, 0, b"reason");
        }
    }

    /// Gives the verdict of one message of those that wait for it, whichever `choice` says.
    fn judge(&mut self, slot: u32, choice: usize) {
        let verdicts = &mut self.sessions[slot as usize].verdicts;
        if !verdicts.is_empty() {
            let (ack, cost) = verdicts.swap_remove(choice % verdicts.len());
            self.command(slot, Command::Acknowledge, ack, cost, &[]);
        }
    }

    /// Has handled up to `bytes` of what it keeps. Nothing is said where it keeps nothing: the command alone would have the socket read.
    fn release(&mut self, slot: u32, bytes: u32) {
        let held = &mut self.sessions[slot as usize].held;
        let bytes = bytes.min(*held);
        *held -= bytes;
        if bytes > 0 {
            self.command(slot, Command::Release, bytes, 0, &[]);
        }
    }

    /// Gives all verdicts and keeps nothing any more.
    pub fn catch_up(&mut self) {
        for slot in 0..self.sessions.len() as u32 {
            while !self.sessions[slot as usize].verdicts.is_empty() {
                self.judge(slot, 0);
            }
            self.release(slot, u32::MAX);
        }
    }

    /// Gives the commands, as `NativeServer::flush` takes them.
    pub fn flush(&mut self, shared: &Shared) {
        let (words, payloads) = (std::mem::take(&mut self.words), std::mem::take(&mut self.payloads));
        let (mut dirty, mut events) = (Dirty::default(), Batch::default());
        let now = shared.now();
        let delivery = &mut self.delivery;
        Dispatcher { shared, now, delivery, dirty: &mut dirty, events: &mut events }.dispatch(&words, &payloads);
        dirty.write(now, &mut events);
        shared.post(events);
    }

    /// Gives the commands and, if it was woken, takes up to `events` events, as `NativeServer::exchange` gives them. Whether there were any.
    pub fn exchange(&mut self, shared: &Shared, peers: &mut [Peer], events: usize) -> bool {
        self.flush(shared);
        self.busy |= self.woken.swap(false, Ordering::Relaxed);
        if !self.busy {
            return false;
        }
        if self.delivery.is_through() {
            shared.flush_delivered();
        }
        let mut words = vec![0; events * WORDS];
        let mut incoming = std::mem::take(&mut self.incoming);
        let count = self.delivery.next(shared, &mut words, &mut incoming);
        let mut rest = incoming.as_slice();
        for event in words.as_chunks::<WORDS>().0.iter().take(count) {
            let length = event[4] as usize;
            let large;
            let payload = if event[1] >> 8 & LARGE_FLAG == 0 {
                let (payload, behind) = rest.split_at(length);
                rest = behind;
                payload
            } else {
                let mut target = vec![0; length];
                assert!(self.delivery.take_large(&mut target), "no large payload of {length} bytes");
                large = target;
                &large
            };
            self.event(event, payload, peers);
        }
        self.incoming = incoming;
        self.busy = count > 0;
        self.busy
    }

    fn event(&mut self, &[slot, code, a, b, _]: &[u32; WORDS], payload: &[u8], peers: &mut [Peer]) {
        let (code, flags) = (Code::from_number(code & 0xff).expect("a known event"), code >> 8);
        let known = &mut self.sessions[slot as usize];
        assert!(known.opened != (code == Code::Opened), "{code:?} of a session that was not opened, or twice");
        if known.closed {
            assert!(self.two_threads && matches!(code, Code::Settled | Code::TxRoom), "{code:?} behind Closed");
            return;
        }
        match code {
            Code::Opened => known.opened = true,
            Code::Closed => {
                known.closed = true;
                self.command(slot, Command::Free, 0, 0, &[]);
            }
            Code::Utf8 | Code::Binary | Code::Error => {
                let peer = &mut peers[slot as usize];
                if !peer.is_wild {
                    let sent = peer.sent.pop_front();
                    let frame_type = [FrameType::Utf8Data, FrameType::BinaryData, FrameType::Error][code as usize];
                    assert_eq!(sent, Some((frame_type, a, payload.len())), "lost, or out of order");
                    assert!(payload == expected(a, payload.len()), "another payload than {a} has");
                    assert_eq!(flags & ASCII_FLAG != 0, code != Code::Binary && payload.is_ascii());
                }
                if flags & VERDICT_FLAG != 0 {
                    known.verdicts.push((a, payload.len() as u32 + EVENT_COST as u32));
                }
            }
            Code::Settled => {
                for token in (a..).take(b as usize >> 8) {
                    assert!(known.unsettled.remove(&token), "{token} was not sent, or is settled already");
                    if b & 0xff == Outcome::Acknowledged as u32 {
                        let peer = &peers[slot as usize];
                        assert!(peer.is_wild || peer.arrived.contains(&token), "{token} has not arrived");
                    } else {
                        assert_eq!(b & 0xff, Outcome::Dropped as u32);
                        known.dropped.insert(token);
                    }
                }
            }
            // What the peer says of streams is kept until it is released (`src/session/streams/incoming.rs`).
            Code::TxChunk => {
                assert!(peers[slot as usize].is_wild || payload == expected(b, payload.len()));
                known.held += payload.len() as u32 + CHUNK_COST as u32;
            }
            Code::TxStart => known.held += payload.len() as u32 + STREAM_COST as u32,
            Code::TxFinish | Code::TxCancel | Code::TxFetch | Code::TxFlow => known.held += EVENT_COST as u32,
            Code::Connected | Code::TxSettled | Code::TxRoom => {}
            other => panic!("{other:?}"),
        }
    }
}
