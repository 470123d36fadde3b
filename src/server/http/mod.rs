//! Connections whose requests Node.js answers: `http_server`.
//!
//! | module | holds |
//! |---|---|
//! | [`passthrough`] | the task that reads one |
//! | [`relay`] | its socket, as both threads share it |

pub mod passthrough;
pub mod relay;
