//! The least that a server can do for idle sessions: one loop that sends each a ping an interval and reads what comes back, and
//! knows nothing else of them. What it takes of a core is the system's price of the benchmark's point `heartbeat`.
//!
//! The sessions are the load generator's: `cryo-load idle --raw --sessions <the same> --addr <where this listens>`.

use std::io::{ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Parts that an interval is split into, as the addon's is.
const PARTS: usize = 64;
/// A WebSocket ping as long as Cryo's: a header of 13 bytes and the word.
const PING: &[u8] = b"\x89\x11.................";
/// The client does not check the key's answer.
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const LISTENER: Token = Token(usize::MAX);

#[derive(Debug, Parser)]
struct Args {
    /// Sessions to wait for.
    #[arg(long, default_value_t = 19_800)]
    sessions: usize,
    /// Seconds between two pings to a session; also before the measurement.
    #[arg(long, default_value_t = 5)]
    interval: u32,
    /// Seconds measured.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

struct Session {
    socket: TcpStream,
    upgraded: bool,
}

#[derive(Default)]
struct Count {
    pings: u64,
    pongs: u64,
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    sessions: Vec<Session>,
    upgraded: usize,
    scratch: Vec<u8>,
    count: Count,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let mut server = Server::listen()?;
    while server.upgraded < args.sessions {
        server.serve_until(Instant::now() + Duration::from_millis(100))?;
    }

    let part = Duration::from_secs(args.interval.into()) / PARTS as u32;
    let mut next = Instant::now();
    let mut run = |server: &mut Server, parts: usize| -> Result<()> {
        for turn in 0..parts {
            server.ping(turn % PARTS)?;
            next += part;
            server.serve_until(next)?;
        }
        Ok(())
    };
    run(&mut server, PARTS)?;
    server.count = Count::default();
    let (begin, cpu) = (Instant::now(), cpu_time());
    run(&mut server, (args.seconds as usize * PARTS).div_ceil(args.interval.max(1) as usize))?;
    let share = (cpu_time() - cpu).as_secs_f64() / begin.elapsed().as_secs_f64();
    println!("{:.2} % of a core; {} pings, {} pongs", 100.0 * share, server.count.pings, server.count.pongs);
    Ok(())
}

impl Server {
    fn listen() -> Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        println!("listening on {}", listener.local_addr()?.port());
        Ok(Self { poll, listener, sessions: Vec::new(), upgraded: 0, scratch: vec![0; 4096], count: Count::default() })
    }

    fn serve_until(&mut self, end: Instant) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        while let Some(wait) = end.checked_duration_since(Instant::now()) {
            self.poll.poll(&mut events, Some(wait))?;
            for event in &events {
                if event.token() == LISTENER { self.accept()? } else { self.read(event.token().0)? }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut socket, _)) => {
                    socket.set_nodelay(true)?;
                    self.poll.registry().register(&mut socket, Token(self.sessions.len()), Interest::READABLE)?;
                    self.sessions.push(Session { socket, upgraded: false });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What arrives is short: it comes in one piece, and the next one later.
    fn read(&mut self, session: usize) -> Result<()> {
        let session = self.sessions.get_mut(session).context("an event of no session")?;
        let length = session.socket.read(&mut self.scratch)?;
        ensure!(length > 0, "a session left");
        if session.upgraded {
            self.count.pongs += 1;
        } else {
            session.upgraded = true;
            self.upgraded += 1;
            session.socket.write_all(UPGRADED)?;
        }
        Ok(())
    }

    fn ping(&mut self, part: usize) -> Result<()> {
        let bounds = |part: usize| self.sessions.len() * part / PARTS;
        let (begin, end) = (bounds(part), bounds(part + 1));
        for session in self.sessions.get_mut(begin..end).unwrap_or_default() {
            session.socket.write_all(PING)?;
            self.count.pings += 1;
        }
        Ok(())
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
