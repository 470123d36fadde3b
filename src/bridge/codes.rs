//! The numbers and texts that `lib/` has too. Only `__test__/bridge/codes.test.js` asks for them: they have to be the same.

use std::collections::BTreeMap;
use std::fmt::Debug;

use napi_derive::napi;

use super::commands::{self, Command};
use crate::protocol::close::OUTBOX_OVERFLOW;
use crate::protocol::{CloseCode, FlowBehaviour, MAX_PAYLOAD};
use crate::server::events::batch::{self, ASCII_FLAG, Code, LARGE_FLAG, PARCEL_FLAG, VERDICT_FLAG};
use crate::server::handshake::Answer;
use crate::server::http::passthrough::Wanted;
use crate::session::outbox::OVERFLOW_FACTOR;
use crate::session::receive_window::{CHUNK_COST, EVENT_COST, STREAM_COST};
use crate::session::{MessageKind, Outcome, Side, Step};

type Numbers = BTreeMap<String, u32>;

/// What both sides have. Tables, numbers and texts are called as in `lib/`, what is in a table as in Rust.
#[napi(object, object_from_js = false)]
pub struct BridgeCodes {
    /// Tables of numbers.
    pub tables: BTreeMap<String, Numbers>,
    /// Numbers by themselves.
    pub numbers: Numbers,
    /// Texts.
    pub texts: BTreeMap<String, String>,
}

/// All of them.
#[napi]
pub fn bridge_codes() -> BridgeCodes {
    let tables = [
        ("EVENT", names(Code::ALL)),
        ("COMMAND", names(Command::ALL)),
        ("KIND", names(MessageKind::ALL)),
        ("OUTCOME", names(Outcome::ALL)),
        ("SIDE", names(Side::ALL)),
        ("STEP", names(Step::ALL)),
        ("FLOW", names(FlowBehaviour::ALL)),
        ("ANSWER", names(Answer::ALL)),
        (
            "FLAG",
            numbers([("ASCII", ASCII_FLAG), ("VERDICT", VERDICT_FLAG), ("LARGE", LARGE_FLAG), ("PARCEL", PARCEL_FLAG)]),
        ),
        (
            "WANTED",
            numbers(
                [("request", Wanted::REQUEST), ("upgrade", Wanted::UPGRADE), ("connect", Wanted::CONNECT)]
                    .map(|(name, bit)| (name, bit.into())),
            ),
        ),
    ];
    let sizes = [
        ("EVENT_WORDS", batch::WORDS),
        ("COMMAND_WORDS", commands::WORDS),
        ("EVENT_COST", EVENT_COST),
        ("CHUNK_COST", CHUNK_COST),
        ("STREAM_COST", STREAM_COST),
        ("MAX_PAYLOAD", MAX_PAYLOAD),
        ("OVERFLOW_FACTOR", OVERFLOW_FACTOR),
    ];
    let close_codes = ["OVERFLOW_CODE", "LOST_CODE"].map(|name| (name, CloseCode::SERVER_FAULT.get().into()));
    BridgeCodes {
        tables: tables.map(|(name, table)| (name.to_owned(), table)).into(),
        numbers: numbers(sizes.map(|(name, size)| (name, size as u32)).into_iter().chain(close_codes)),
        texts: [("OVERFLOW_REASON".to_owned(), OUTBOX_OVERFLOW.to_owned())].into(),
    }
}

fn numbers<'a>(entries: impl IntoIterator<Item = (&'a str, u32)>) -> Numbers {
    entries.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}

/// The numbers of an enum's variants.
fn names<T: Copy + Debug + Into<u32>>(all: impl IntoIterator<Item = T>) -> Numbers {
    all.into_iter().map(|variant| (format!("{variant:?}"), variant.into())).collect()
}
