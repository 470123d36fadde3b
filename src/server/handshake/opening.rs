//! A connection becomes a session, whichever end it is of the upgrade.

use std::sync::Arc;

use crate::net::stream::Stream;
use crate::net::websocket::{Decoder, Role};
use crate::net::write_buffer::WriteBuffer;
use crate::protocol::{MAX_HEAD_LEN, close};
use crate::server::connection::link::Link;
use crate::server::events::source::SessionSource;
use crate::server::guard::ConnectionGuard;
use crate::server::{Shared, Stop, connection};
use crate::session::{Farewell, Session};

/// Makes the session and starts its connection's driver. `early` is what came behind the upgrade in the same read.
pub fn open(
    shared: &Arc<Shared>,
    stream: Stream,
    sid: u64,
    source: &SessionSource,
    early: Vec<u8>,
    guard: ConnectionGuard,
) {
    let role = match source {
        SessionSource::Client { .. } => Role::Server,
        SessionSource::Peer { .. } => Role::Client,
    };
    let (socket, tls) = stream.into_parts();
    let (read, write) = socket.into_split();
    let config = Arc::clone(&shared.settings.session);
    let decoder = Decoder::new(role, config.max_payload + MAX_HEAD_LEN);
    let make = |id| Link::new(id, sid, Session::new(sid, config), WriteBuffer::new(role), tls, write);
    let link = match role {
        Role::Server => shared.registry.lock().open(sid, make),
        Role::Client => shared.registry.lock().place(make),
    };
    link.lock().permit = guard.permit();
    {
        let registry = shared.registry.lock();
        shared.wheel.lock().add(link.id(), |session| registry.get(session).is_some());
    }
    shared.inbox.write(|filling| filling.batch.opened(&link, source));
    // Whatever happens from here on, it tells of the session's end.
    let connection = connection::driver::serve(Arc::clone(shared), Arc::clone(&link), read, decoder, early);
    if role == Role::Client {
        // A server listens before it sends its 101: nothing has to be waited for.
        let mut core = link.lock();
        shared.call(&link, &mut core, |session, io| session.greet(io));
        shared.flush(&link, core);
    }
    if *shared.stop.borrow() >= Stop::Leaving {
        shared.say_farewell(&link, Farewell::bye(close::SERVER_SHUTDOWN));
    }
    tokio::spawn(async move {
        connection.await;
        drop(guard);
    });
}
