//! One session on a connection: upgrade, announcement, ACKs and pongs. What else arrives goes to the scenario.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use rustls::ClientConfig;

use crate::args::Args;
use crate::connection::Connection;
use crate::upgrade;
use crate::wire::{self, Frame, Incoming, Writer, kind};

/// How often a socket is read before the others get their turn.
const READS_PER_TURN: usize = 16;

/// What to do after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Stay,
    /// This session has done what it came for.
    Leave,
}

/// What happened to a session.
#[derive(Debug)]
pub enum News<'a> {
    /// It may send.
    Opened,
    /// This arrived.
    Frame(Frame<'a>),
}

/// How a round of reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Nothing is left.
    Drained,
    /// There may be more.
    More,
    /// The session is to be left.
    Left,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Upgrading,
    Announced,
    Open,
}

/// A session.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    phase: Phase,
    /// The start of a frame whose rest has not come yet.
    partial: Vec<u8>,
    /// Frames on their way out.
    pub writer: Writer,
}

impl Client {
    /// Connects, from a certain address or any, and asks for the upgrade.
    pub fn open(args: &Args, source: Option<Ipv4Addr>, tls: Option<&Arc<ClientConfig>>, sid: u64) -> Result<Self> {
        let mut writer = Writer::new(sid, args.raw);
        writer.bytes().extend_from_slice(upgrade::request(&args.token, sid).as_bytes());
        let connection = Connection::open(args.addr, source, tls, args.socket_times)?;
        Ok(Self { connection, phase: Phase::Upgrading, partial: Vec::new(), writer })
    }

    /// The connection, to be registered with a poll.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Sends what waits. True when the socket took all.
    pub fn flush(&mut self) -> Result<bool> {
        self.connection.write(self.writer.bytes())
    }

    /// Reads what is there and tells `hear` of it, and when it had arrived: `now`, if the kernel doesn't say.
    pub fn read(
        &mut self,
        scratch: &mut [u8],
        now: Instant,
        mut hear: impl FnMut(News<'_>, &mut Writer, Instant) -> Result<Flow>,
    ) -> Result<Read> {
        for _ in 0..READS_PER_TURN {
            let Some(length) = self.connection.read(scratch)? else { return Ok(Read::Drained) };
            let read = scratch.get(..length).unwrap_or_default();
            let joined = (!self.partial.is_empty()).then(|| {
                self.partial.extend_from_slice(read);
                std::mem::take(&mut self.partial)
            });
            let bytes = joined.as_deref().unwrap_or(read);
            let arrived = self.connection.arrived().unwrap_or(now);
            let (used, flow) = self.take(bytes, &mut |news, writer| hear(news, writer, arrived))?;
            if flow == Flow::Leave {
                return Ok(Read::Left);
            }
            self.partial = match joined {
                Some(mut joined) => {
                    joined.drain(..used);
                    joined
                }
                None => bytes.get(used..).unwrap_or_default().to_vec(),
            };
        }
        Ok(Read::More)
    }

    /// Handles the complete frames in `bytes`. Returns how many bytes they were.
    fn take(
        &mut self,
        bytes: &[u8],
        hear: &mut impl FnMut(News<'_>, &mut Writer) -> Result<Flow>,
    ) -> Result<(usize, Flow)> {
        let mut used = 0;
        if self.phase == Phase::Upgrading {
            let Some(head) = upgrade::answer(bytes)? else { return Ok((0, Flow::Stay)) };
            used = head;
            self.upgraded(hear)?;
        }
        while let Some((incoming, length)) = wire::read(bytes.get(used..).unwrap_or_default())? {
            used += length;
            let flow = match incoming {
                Incoming::Message(frame) => self.message(frame, hear)?,
                Incoming::Ping(payload) => {
                    self.writer.pong(payload);
                    Flow::Stay
                }
                Incoming::Other => Flow::Stay,
            };
            if flow == Flow::Leave {
                return Ok((used, flow));
            }
        }
        Ok((used, Flow::Stay))
    }

    fn upgraded(&mut self, hear: &mut impl FnMut(News<'_>, &mut Writer) -> Result<Flow>) -> Result<()> {
        if self.writer.is_raw() {
            self.phase = Phase::Open;
            hear(News::Opened, &mut self.writer)?;
        } else {
            self.phase = Phase::Announced;
            let (version, features) = (1_u32.to_be_bytes(), 1_u64.to_be_bytes());
            self.writer.post(kind::ENDPOINT_INFO, &[&version, &features]);
        }
        Ok(())
    }

    fn message(
        &mut self,
        frame: Frame<'_>,
        hear: &mut impl FnMut(News<'_>, &mut Writer) -> Result<Flow>,
    ) -> Result<Flow> {
        match frame.kind {
            _ if self.writer.is_raw() => {}
            kind::PING_PONG => {
                if frame.rest == b"ping" {
                    self.writer.answer(kind::PING_PONG, frame.ack, b"pong");
                }
                return Ok(Flow::Stay);
            }
            kind::ACK | kind::TX_CHUNK => {}
            _ => self.writer.answer(kind::ACK, frame.ack, &[]),
        }
        if self.phase == Phase::Announced && frame.kind == kind::ENDPOINT_INFO {
            self.phase = Phase::Open;
            return hear(News::Opened, &mut self.writer);
        }
        hear(News::Frame(frame), &mut self.writer)
    }
}
