//! The messages that are echoed: numbered by their first letter, so that loss, order and damage are noticed.

use anyhow::{Result, ensure};

use crate::args::Args;
use crate::wire::{Frame, Writer, kind};

/// What fills a message.
const FILLER: u8 = b'.';

/// Makes the messages of a load.
#[derive(Debug)]
pub struct Messages {
    kind: u8,
    payload: Vec<u8>,
}

impl Messages {
    /// Messages as the command line wants them.
    pub fn new(args: &Args) -> Self {
        let kind = if args.text { kind::UTF8 } else { kind::BINARY };
        Self { kind, payload: vec![FILLER; args.size as usize] }
    }

    /// Sends message number `number` of a session.
    pub fn send(&mut self, number: u64, writer: &mut Writer) {
        if let Some(first) = self.payload.first_mut() {
            *first = letter(number);
        }
        writer.post(self.kind, &[&self.payload]);
    }

    /// Whether the frame is a message; on a plain echo every frame is.
    pub fn is_message(&self, frame: &Frame<'_>, writer: &Writer) -> bool {
        writer.is_raw() || frame.kind == self.kind
    }

    /// Checks that the frame is the echo of message `number`.
    pub fn check(&self, number: u64, frame: &Frame<'_>) -> Result<()> {
        ensure!(
            frame.rest.len() == self.payload.len(),
            "{} bytes came back of a message of {}",
            frame.rest.len(),
            self.payload.len()
        );
        ensure!(
            frame.rest.first() == Some(&letter(number)),
            "the echo of message {number} is not the one that was due: lost, or out of order"
        );
        Ok(())
    }
}

fn letter(number: u64) -> u8 {
    b'a' + (number % 26) as u8
}
