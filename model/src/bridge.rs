//! The bridge's format, as it is.

#[path = "../../src/bridge/commands.rs"]
pub mod commands;
#[path = "../../src/bridge/delivery.rs"]
pub mod delivery;
#[path = "../../src/bridge/dirty.rs"]
pub mod dirty;
