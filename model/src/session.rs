//! What the inbox takes from the session.

pub type Micros = u64;

#[path = "../../src/session/counting.rs"]
pub mod counting;
