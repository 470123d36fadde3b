//! The echo that `npm run conformance` tests, against another implementation's client: a short form of what Autobahn asks in hundreds of cases.

use std::net::TcpStream;

use cryo_server::net::listener::{Endpoint, Listener};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

#[path = "../conformance/echo.rs"]
mod echo;

/// Lets `converse` talk to an echo of its own.
fn with_echo(converse: fn(&mut WebSocket<TcpStream>)) {
    let endpoint = Endpoint::Port { host: Some("127.0.0.1".into()), port: 0 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = Listener::bind(&endpoint, false).expect("a free port");
        let Listener::Tcp(_, address) = listener else { panic!("no TCP socket") };
        tokio::spawn(echo::serve(listener));
        let conversation = tokio::task::spawn_blocking(move || {
            let stream = TcpStream::connect(address).expect("a connection");
            let (mut socket, _) = client(format!("ws://{address}/"), stream).expect("an upgrade");
            converse(&mut socket);
            // The server is the first to go, so that the client's port is not kept (RFC 6455 section 7.1.1).
            assert!(matches!(socket.read(), Err(Error::ConnectionClosed)));
        });
        conversation.await.expect("a conversation to its end");
    });
}

fn fragment(payload: &str, opcode: Data, fin: bool) -> Message {
    Message::Frame(Frame::message(payload.to_owned(), OpCode::Data(opcode), fin))
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
}

#[test]
fn messages_come_back_as_what_they_were() {
    with_echo(|socket| {
        for message in [Message::text("κόσμε"), Message::binary(vec![0xff; 300_000]), Message::text("")] {
            socket.send(message.clone()).expect("sent");
            assert_eq!(socket.read().expect("the echo"), message);
        }
        socket.send(fragment("in ", Data::Text, false)).expect("sent");
        socket.send(Message::Ping("there?".into())).expect("sent");
        socket.send(fragment("pieces", Data::Continue, true)).expect("sent");
        assert_eq!(socket.read().expect("the pong"), Message::Pong("there?".into()));
        assert_eq!(socket.read().expect("the echo"), Message::text("in pieces"));
        socket.close(None).expect("sent");
        assert_eq!(socket.read().expect("the answer"), close(1000, ""));
    });
}

#[test]
fn a_close_is_answered_by_the_same() {
    with_echo(|socket| {
        socket.send(close(4000, "genug ✓")).expect("sent");
        assert_eq!(socket.read().expect("the answer"), close(4000, "genug ✓"));
    });
}

#[test]
fn what_breaks_the_rules_closes() {
    with_echo(|socket| {
        socket.send(fragment("of nothing", Data::Continue, true)).expect("sent");
        assert_eq!(socket.read().expect("a close"), close(1002, "continuation frame without a message"));
    });
}
