//! May this client have a session? Its sid is reserved and the validator asked, with nothing left behind when either says no.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::net::handshake::{Refusal, RequestHead};
use crate::protocol::{CloseCode, close};
use crate::server::Shared;
use crate::server::connection::link::Link;
use crate::server::events::batch::Code;
use crate::server::handshake::client::Client;
use crate::server::handshake::{Answer, Ending};
use crate::server::registry::Reservation;
use crate::server::settings::DuplicateSid;
use crate::session::Farewell;

/// Questions to the validator that may be on their way to the application: those of sessions that there are must not wait behind a crowd at the
/// door. How many the application works on is its own choice.
pub(in crate::server) const MAX_UNHEARD: usize = 16;

/// A sid that belongs to this handshake until it is a session's.
pub(super) struct Reserved<'a> {
    shared: &'a Shared,
    sid: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.shared.registry.lock().cancel(self.sid);
    }
}

/// Reserves the sid. A live session may have it only if it is to be replaced, which waits for the validator's answer.
pub(super) fn reserve(shared: &Shared, sid: u64) -> Result<Reserved<'_>, Refusal> {
    let reservation = shared.registry.lock().reserve(sid);
    let Reservation::Granted(holder) = reservation else { return Err(Refusal::sid_in_use()) };
    let reserved = Reserved { shared, sid };
    if let Some(link) = &holder {
        let closed = link.lock().session.is_closed();
        if closed {
            // Its close frame is on the way: nothing but the connection's end is left of it.
            shared.conclude(link);
        } else if shared.settings.duplicate_sid == DuplicateSid::Refuse {
            return Err(Refusal::sid_in_use());
        }
    }
    Ok(reserved)
}

/// Closes the session whose client has come back.
pub(super) fn replace(shared: &Shared, link: &Arc<Link>) {
    shared.say_farewell(link, Farewell::silent(CloseCode::NORMAL.get(), close::REPLACED));
    let mut core = link.lock();
    shared.call(link, &mut core, |session, io| session.stop_draining(io));
    shared.flush(link, core);
    shared.conclude(link);
}

/// A question to the validator. Unless it leads to a session, JavaScript may forget the request.
pub(super) struct Question<'a> {
    pub(super) shared: &'a Shared,
    pub(super) number: u32,
}

impl Question<'_> {
    /// Asks, and watches the client meanwhile.
    pub(super) async fn ask(&self, token: &str, request: &str, client: &mut Client) -> Result<Answer, Ending> {
        let (sender, answer) = oneshot::channel();
        self.shared.answers.lock().insert(self.number, sender);
        let payload = [token.as_bytes(), request.as_bytes()].concat();
        let permit = client.wait_for(Arc::clone(&self.shared.questions).acquire_owned()).await?;
        self.shared.inbox.write(|filling| {
            filling.batch.push(self.number, Code::Validate, token.len() as u32, 0, &payload);
            filling.batch.permits.push(permit);
        });
        client.wait_for(answer).await
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.shared.answers.lock().remove(&self.number);
        self.shared.inbox.write(|filling| filling.batch.push(self.number, Code::Abandoned, 0, 0, &[]));
    }
}

/// The request for the application: address, port, request line, headers, one a line.
pub(super) fn describe(head: &RequestHead, peer: Option<SocketAddr>) -> String {
    let (address, port) = peer.map_or_else(Default::default, |peer| (peer.ip().to_string(), peer.port()));
    let mut text = format!("{address}\n{port}\n{}", head.target);
    for (name, value) in &head.headers {
        // Writing to a string can't fail.
        let _ = write!(text, "\n{name}: {value}");
    }
    text
}
