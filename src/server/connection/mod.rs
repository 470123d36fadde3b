//! One connection from the end of its handshake on.
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | has its socket read, writes what did not fit, and sees it out |
//! | [`link`] | a session and its socket, as both threads share them |
//! | [`reading`] | what its socket holds becomes events |
//! | [`receiving`] | what a reading held is handed to its session |
//! | [`read_size`] | how much of a socket is read at a time |
//! | [`lending`] | sockets that the event loop reads itself |
//! | [`request_reply`] | which sessions these are: those that ask one question after the other |
//! | [`release`] | large memory is given back a little at a time |

pub mod driver;
pub mod lending;
pub mod link;
pub mod read_size;
pub mod reading;
pub mod receiving;
pub mod release;
pub mod request_reply;

#[cfg(all(test, unix))]
mod tests;
