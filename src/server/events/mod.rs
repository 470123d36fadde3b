//! Events on their way to the application, in batches.
//!
//! | module | holds |
//! |---|---|
//! | [`batch`] | the events' numbers, and one batch of them |
//! | [`sink`] | a session's events become a batch's |
//! | [`source`] | where a new session comes from |
//! | [`large`] | payloads that are not copied into a batch |
//! | [`inbox`] | the batch that is being filled, as both threads share it, and when the application is woken |
//! | [`filling`] | what belongs to that batch |
//! | [`sync`] | what the inbox needs of threads |

pub mod batch;
pub mod filling;
pub mod inbox;
pub mod large;
pub mod sink;
pub mod source;
pub mod sync;

#[cfg(test)]
mod tests;
