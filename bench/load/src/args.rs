//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Puts load on a Cryo server and reports rates and latencies as JSON lines.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What to do.
    #[arg(value_enum)]
    pub scenario: Kind,
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// The server is a plain WebSocket echo: the same messages, no announcement and no ACKs.
    #[arg(long)]
    pub raw: bool,
    /// Connect with TLS 1.3; the server's certificate is not checked.
    #[arg(long)]
    pub tls: bool,
    /// Bearer token.
    #[arg(long, default_value = "bench")]
    pub token: String,
    /// Concurrent sessions.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sessions: u32,
    /// Messages in flight per session (echo), or rounds in flight (push).
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub depth: u32,
    /// Payload of a message or of a transaction's chunk, in bytes.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=16 * 1024 * 1024))]
    pub size: u32,
    /// Send text messages; otherwise binary ones.
    #[arg(long)]
    pub text: bool,
    /// Echo in an open loop: messages per second over all sessions, whether answers come or not.
    #[arg(long)]
    pub rate: Option<f64>,
    /// Count round-trip times from the moment a message is given to its socket to the one its answer arrives there, by the
    /// kernel's time stamps: without what this process waits for a processor (Linux).
    #[arg(long, requires = "rate")]
    pub socket_times: bool,
    /// Seconds before the measurement, all sessions open.
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub warmup: Duration,
    /// Seconds measured.
    #[arg(long, default_value = "4", value_parser = seconds)]
    pub seconds: Duration,
    /// Give up when nothing arrives for that many seconds.
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub patience: Duration,
    /// After the result, keep the sessions open until standard input ends.
    #[arg(long)]
    pub hold: bool,
}

/// The scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Every echoed message triggers the next one; with --rate, messages leave on a fixed schedule.
    Echo,
    /// One session asks for rounds; in each, the server sends one message to every session.
    Push,
    /// Sessions that only answer pings.
    Idle,
    /// Connect, exchange one message, leave, again and again.
    Churn,
    /// One endless transaction from each session to the server.
    Upload,
    /// One endless transaction from the server to each session.
    Download,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    if !(0.0..=86_400.0).contains(&number) {
        return Err(format!("{number} is not between 0 and 86400 seconds"));
    }
    Ok(Duration::from_secs_f64(number))
}
