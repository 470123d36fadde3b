//! The event loop: opens the sessions, runs the scenario for its time, reports.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mio::{Events, Interest, Poll, Token};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::ClientConfig;

use crate::args::Args;
use crate::client::{Client, Flow, News, Read};
use crate::scenario::{self, Due, Scenario};
use crate::{report, tls};

/// Bytes read at a time.
const SCRATCH: usize = 256 * 1024;
/// Bytes of an endless supply that are written at a time.
const REFILL: usize = 256 * 1024;
/// Sessions that are being opened at a time.
const OPENING: usize = 256;
/// Connections from one address; the next come from the next loopback address, where the ports are all free again.
const PER_ADDRESS: u64 = 16_384;
/// Loopback addresses that are used in turn.
const ADDRESSES: u64 = 64;
/// Longest sleep.
const SLEEP: Duration = Duration::from_millis(20);
/// How late the poll may return, which knows whole milliseconds only: that long before a message is due, time is spun through.
const PRECISION: Duration = Duration::from_millis(1);

/// Runs what the command line asks for.
pub fn run(args: &Args) -> Result<()> {
    raise_file_limit(args.sessions)?;
    let mut driver = Driver::new(args)?;
    let begin = Instant::now();
    driver.run_until(|driver| driver.opened >= u64::from(args.sessions))?;
    let opened_in = begin.elapsed();
    driver.begin()?;
    driver.run_for(args.warmup)?;

    driver.scenario.tally().reset();
    report::measuring(opened_in)?;
    let (begin, cpu) = (Instant::now(), report::cpu_time());
    driver.run_for(args.seconds)?;
    let (elapsed, cpu) = (begin.elapsed(), report::cpu_time().saturating_sub(cpu));
    report::result(driver.scenario.tally(), elapsed, cpu)?;

    if args.hold {
        io::stdin().read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

/// The event loop's state.
struct Driver<'a> {
    args: &'a Args,
    tls: Option<Arc<ClientConfig>>,
    poll: Poll,
    scenario: Box<dyn Scenario>,
    clients: Vec<Client>,
    scratch: Vec<u8>,
    first_sid: u64,
    /// Connections made, and sessions that stood, ever.
    connected: u64,
    opened: u64,
    all_open: bool,
    /// Sessions whose sockets may have, or take, more.
    eager: Vec<usize>,
    /// When something arrived, or went out without having been asked for, last.
    heard: Instant,
}

impl<'a> Driver<'a> {
    fn new(args: &'a Args) -> Result<Self> {
        Ok(Self {
            args,
            tls: args.tls.then(tls::client_config).transpose()?,
            poll: Poll::new()?,
            scenario: scenario::from(args)?,
            clients: Vec::new(),
            scratch: vec![0; SCRATCH],
            // Sessions of an earlier run may not be gone yet: their names must not come again.
            first_sid: RandomState::new().hash_one(std::process::id()),
            connected: 0,
            opened: 0,
            all_open: false,
            eager: Vec::new(),
            heard: Instant::now(),
        })
    }

    /// Lets the scenario loose, now that all sessions are open.
    fn begin(&mut self) -> Result<()> {
        self.all_open = true;
        let now = Instant::now();
        for (session, client) in self.clients.iter_mut().enumerate() {
            self.scenario.begin(session, &mut client.writer, now);
            client.flush().with_context(|| format!("session {session}"))?;
        }
        Ok(())
    }

    fn run_for(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        self.run_until(|_| Instant::now() >= end)
    }

    fn run_until(&mut self, done: impl Fn(&Self) -> bool) -> Result<()> {
        let mut events = Events::with_capacity(4096);
        while !done(self) {
            self.open_more()?;
            let wait = self.send_due()?;
            let wait = if self.eager.is_empty() { wait } else { Duration::ZERO };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for session in std::mem::take(&mut self.eager) {
                self.serve(session)?;
            }
            for event in &events {
                self.serve(event.token().0)?;
            }
            self.check_patience()?;
        }
        Ok(())
    }

    fn open_more(&mut self) -> Result<()> {
        while self.clients.len() < self.args.sessions as usize
            && self.connected.saturating_sub(self.opened) < OPENING as u64
        {
            let session = self.clients.len();
            let client = self.connect(session)?;
            self.clients.push(client);
        }
        Ok(())
    }

    fn connect(&mut self, session: usize) -> Result<Client> {
        let source = source(self.args.addr, self.connected);
        let sid = self.first_sid.wrapping_add(self.connected);
        self.connected += 1;
        let mut client = Client::open(self.args, source, self.tls.as_ref(), sid)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(client.connection().socket(), Token(session), interest)?;
        Ok(client)
    }

    /// Sends what the scenario's schedule wants sent. Returns how long the poll may sleep.
    fn send_due(&mut self) -> Result<Duration> {
        if !self.all_open {
            return Ok(SLEEP);
        }
        loop {
            let now = Instant::now();
            match self.scenario.due(now) {
                Due::Never => return Ok(SLEEP),
                Due::At(then) => return Ok((then - now).saturating_sub(PRECISION).min(SLEEP)),
                Due::Now(session) => {
                    let client = self.clients.get_mut(session).context("a message is due on no session")?;
                    self.scenario.send(session, &mut client.writer, now);
                    client.flush()?;
                }
            }
        }
    }

    /// Reads, answers and refills one session.
    fn serve(&mut self, session: usize) -> Result<()> {
        let Some(client) = self.clients.get_mut(session) else { return Ok(()) };
        let now = Instant::now();
        let (scenario, opened, heard) = (&mut self.scenario, &mut self.opened, &mut self.heard);
        let read = client.read(&mut self.scratch, now, |news, writer, arrived| {
            *heard = now;
            match news {
                News::Opened => {
                    *opened += 1;
                    scenario.opened(session, writer);
                    Ok(Flow::Stay)
                }
                News::Frame(frame) => scenario.frame(session, frame, writer, arrived),
            }
        });
        let read = read.with_context(|| format!("session {session}"))?;
        if read == Read::Left {
            let fresh = self.connect(session)?;
            if let Some(place) = self.clients.get_mut(session) {
                *place = fresh;
            }
            return Ok(());
        }
        let taken = client.flush().with_context(|| format!("session {session}"))?;
        let mut refilled = false;
        while taken && client.writer.bytes().len() < REFILL && self.scenario.refill(session, &mut client.writer) {
            refilled = true;
            *heard = now;
        }
        if refilled || read == Read::More {
            self.eager.push(session);
        }
        Ok(())
    }

    fn check_patience(&self) -> Result<()> {
        let expects = !self.all_open || self.scenario.expects_traffic();
        ensure!(
            !expects || self.heard.elapsed() < self.args.patience,
            "nothing moved for {:?}; {} of {} sessions were opened",
            self.args.patience,
            self.opened,
            self.args.sessions
        );
        Ok(())
    }
}

/// The address that connection number `index` comes from, where it is not the system's choice: where 127.0.0.0/8 is all loopback, more
/// connections fit than there are ports.
fn source(addr: SocketAddr, index: u64) -> Option<Ipv4Addr> {
    let host = u8::try_from(index / PER_ADDRESS % ADDRESSES).unwrap_or_default();
    let one_of_many = cfg!(target_os = "linux") && addr.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) && host > 0;
    one_of_many.then(|| Ipv4Addr::new(127, 0, 0, 1 + host))
}

fn raise_file_limit(sessions: u32) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    let enough = limit.maximum.is_none_or(|maximum| maximum >= u64::from(sessions) + 32);
    ensure!(enough, "{sessions} sessions need more open files than the limit of {:?} (ulimit -Hn)", limit.maximum);
    Ok(())
}
