//! The border's format, as it is.

#[path = "../../src/bridge/delivery.rs"]
pub mod delivery;
#[path = "../../src/bridge/dirty.rs"]
pub mod dirty;
#[path = "../../src/bridge/orders.rs"]
pub mod orders;
