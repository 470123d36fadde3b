//! A connection as it is, whose socket is lent as soon as it may be.

pub mod request_reply;

#[path = "../../../src/server/connection/driver.rs"]
pub mod driver;
#[path = "../../../src/server/connection/lending.rs"]
pub mod lending;
#[path = "../../../src/server/connection/link.rs"]
pub mod link;
#[path = "../../../src/server/connection/read_size.rs"]
pub mod read_size;
#[path = "../../../src/server/connection/reading.rs"]
pub mod reading;
#[path = "../../../src/server/connection/receiving.rs"]
pub mod receiving;

pub mod release {
    /// At once: here nobody waits.
    pub fn gradually(_bytes: Vec<u8>) {}
}
