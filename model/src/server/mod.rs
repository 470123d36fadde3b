//! The inbox, and its surroundings as the model has them.

pub mod batch;
pub mod link;
pub mod sync;

#[path = "../../../src/server/inbox.rs"]
pub mod inbox;
