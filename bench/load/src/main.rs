//! cryo-load: drives a Cryo server, or a plain WebSocket server beside which it is compared, from one thread.
//!
//! | module | holds |
//! |---|---|
//! | [`args`] | the command line |
//! | [`driver`] | the event loop: opens the sessions, runs a scenario for its time, reports |
//! | [`connection`] | one non-blocking connection, with or without TLS |
//! | [`stamped`] | a socket that can tell when something arrived |
//! | [`client`] | one session on a connection: upgrade, announcement, ACKs, pongs |
//! | [`upgrade`] | the HTTP upgrade |
//! | [`wire`] | frames, written and read |
//! | [`scenario`] | what a load looks like; one module a scenario |
//! | [`tally`] | what a scenario counts and times |
//! | [`latency`] | round-trip times |
//! | [`tls`] | the TLS configuration |
//! | [`report`] | JSON lines on standard output |

mod args;
mod client;
mod connection;
mod driver;
mod latency;
mod report;
mod scenario;
mod stamped;
mod tally;
mod tls;
mod upgrade;
mod wire;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match driver::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cryo-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}
