//! When a socket is not read.

use std::sync::Arc;
use std::task::Poll;

use tokio::net::UnixStream;

use crate::net::outgoing::Outgoing;
use crate::net::socket::Socket;
use crate::net::websocket::{Decoder, Role};
use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::connection::reading::Reader;
use crate::server::events::batch::{Batch, Code};
use crate::server::events::filling::CAPACITY;
use crate::server::settings::Settings;
use crate::session::Session;

#[tokio::test]
async fn no_session_is_read_while_the_inbox_is_full() {
    let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
    let (ours, _theirs) = UnixStream::pair().expect("two sockets");
    let (_read, write) = Socket::Unix(ours).into_split();
    let session = Session::new(1, Arc::default());
    let link = Link::new(Default::default(), 1, session, Outgoing::new(Role::Server), None, write);
    let reader = Reader::new(Arc::clone(&shared), link, Decoder::new(Role::Server, 1 << 16));
    let events = vec![0; CAPACITY];
    shared.inbox.write(|filling| filling.batch.push(1, Code::Binary, 0, 0, &events));
    let mut full = true;
    // Woken for its second turn when the events leave.
    std::future::poll_fn(|cx| {
        assert_eq!(reader.must_pause(cx), full);
        full = shared.inbox.next(Batch::default()).is_none();
        if full { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
