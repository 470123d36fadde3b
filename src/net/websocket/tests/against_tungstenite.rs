//! The framing against another implementation's, in both directions and both roles.

use std::io::{Cursor, Read, Result as IoResult, Write};

use tokio_tungstenite::tungstenite::protocol::Role as TheirRole;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::{Event, decode_chunks};
use crate::net::websocket::{Role, put_close, put_message, put_pong, put_text};

/// One end of a connection whose input is known beforehand and whose output is kept.
struct Tape {
    input: Cursor<Vec<u8>>,
    output: Vec<u8>,
}

impl Read for Tape {
    fn read(&mut self, buf: &mut [u8]) -> IoResult<usize> {
        self.input.read(buf)
    }
}

impl Write for Tape {
    fn write(&mut self, buf: &[u8]) -> IoResult<usize> {
        self.output.write(buf)
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

/// Their end, opposite to our `role`, about to read `input`.
fn opposite(role: Role, input: Vec<u8>) -> WebSocket<Tape> {
    let theirs = match role {
        Role::Server => TheirRole::Client,
        Role::Client => TheirRole::Server,
    };
    let tape = Tape { input: Cursor::new(input), output: Vec::new() };
    WebSocket::from_raw_socket(tape, theirs, None)
}

fn payloads() -> impl Iterator<Item = Vec<u8>> {
    [0, 1, 125, 126, 0xffff, 0x1_0000, 300_000]
        .into_iter()
        .map(|len| (0..len).map(|index| (index * 13) as u8).collect())
}

#[test]
fn they_read_what_we_write() {
    for role in [Role::Server, Role::Client] {
        let mut bytes = Vec::new();
        for payload in payloads() {
            let (head, tail) = payload.split_at(payload.len() / 3);
            put_message(&mut bytes, role, head, tail);
        }
        put_text(&mut bytes, role, "κόσμε".as_bytes());
        put_pong(&mut bytes, role, b"pong");
        put_close(&mut bytes, role, 4000, "Closing session.");

        let mut socket = opposite(role, bytes);
        for payload in payloads() {
            assert_eq!(socket.read().expect("a message"), Message::binary(payload));
        }
        assert_eq!(socket.read().expect("a text"), Message::text("κόσμε"));
        assert_eq!(socket.read().expect("a pong"), Message::Pong("pong".into()));
        let Message::Close(Some(close)) = socket.read().expect("a close") else { panic!("no close frame") };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (4000, "Closing session."));
    }
}

#[test]
fn we_read_what_they_write() {
    for role in [Role::Server, Role::Client] {
        let mut socket = opposite(role, Vec::new());
        let mut expected = Vec::new();
        for payload in payloads() {
            socket.write(Message::binary(payload.clone())).expect("written");
            expected.push(Event::Binary(payload));
        }
        socket.write(Message::text("κόσμε")).expect("written");
        expected.push(Event::Text("κόσμε".into()));
        socket.write(Message::Ping("ping".into())).expect("written");
        expected.push(Event::Ping(b"ping".to_vec()));
        socket.close(None).expect("written");
        expected.push(Event::Close(None, vec![]));
        socket.flush().expect("written");

        let bytes = &socket.get_ref().output;
        for size in [1000, 16 * 1024, bytes.len()] {
            assert_eq!(decode_chunks(role, bytes.chunks(size)), (expected.clone(), Ok(())), "reads of {size}");
        }
    }
}
