//! The HTTP upgrade to WebSocket (docs/protocol.md, "Upgrade"), without I/O: text in, verdicts and answers out.
//!
//! In the order of use: [`parse`] the head, [`classify`] it, read its [`credentials`], then answer by [`accepted`] or
//! [`Refusal::response`].
//!
//! | module | holds |
//! |---|---|
//! | `head` | a request's head, out of bytes |
//! | `upgrade` | what the request wants, and the response that accepts it |
//! | `credentials` | token and session id, out of the request target |
//! | `bigint` | numbers as JavaScript reads them |
//! | `refusal` | why a request is not let in |
//! | `refusal_response` | the response that says so |

mod bigint;
mod credentials;
mod head;
mod refusal;
mod refusal_response;
mod upgrade;

pub use credentials::{Credentials, credentials};
pub use head::{MAX_HEAD, MAX_HEADERS, RequestHead, parse};
pub use refusal::Refusal;
pub use upgrade::{Kind, accepted, classify};

#[cfg(test)]
mod tests;
