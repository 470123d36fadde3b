//! Events on their way to the application, as they are; of threads, loom's.

pub mod sync;

#[path = "../../../src/server/events/batch.rs"]
pub mod batch;
#[path = "../../../src/server/events/filling.rs"]
pub mod filling;
#[path = "../../../src/server/events/inbox.rs"]
pub mod inbox;
#[path = "../../../src/server/events/large.rs"]
pub mod large;
#[path = "../../../src/server/events/sink.rs"]
pub mod sink;
#[path = "../../../src/server/events/source.rs"]
pub mod source;
