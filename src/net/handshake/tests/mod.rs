//! Tests of the upgrade: the recorded answers, each check, and arbitrary input.

mod answers;
mod credentials;
mod head;
mod upgrade;

use super::{Refusal, RequestHead, parse};

/// The head of this text, which is complete and well-formed.
fn head(text: &str) -> RequestHead {
    let (head, len) = parse(text.as_bytes()).expect("well-formed").expect("complete");
    assert_eq!(len, text.len());
    head
}

/// Status and metrics label of what must have been refused.
fn verdict<T: std::fmt::Debug>(result: Result<T, Refusal>) -> (u16, &'static str) {
    let refusal = result.expect_err("not refused");
    (refusal.status(), refusal.outcome())
}
