//! What is told: one JSON object a line on standard output.

use std::io::{self, Write};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::tally::Tally;

/// CPU time this process has used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// All sessions stand and the measurement begins.
pub fn measuring(opened_in: Duration) -> io::Result<()> {
    line(&json!({ "event": "measuring", "opened_in_s": opened_in.as_secs_f64() }))
}

/// The measurement is over. `cpu` is what the load generator itself used: near 1 second a second, it was the limit.
pub fn result(tally: &Tally, elapsed: Duration, cpu: Duration) -> io::Result<()> {
    let seconds = elapsed.as_secs_f64();
    line(&json!({
        "event": "result",
        "seconds": seconds,
        "messages": tally.messages,
        "bytes": tally.bytes,
        "per_second": tally.messages as f64 / seconds,
        "megabytes_per_second": tally.bytes as f64 / seconds / 1e6,
        "latency_us": tally.latency(),
        "load_cpu_share": cpu.as_secs_f64() / seconds,
    }))
}

fn line(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
