//! The I/O thread's main task: accepts connections, runs the rounds, and sees the server out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::batch::Code;
use super::{Shared, Stop, handshake, heartbeat, pacing, peer};
use crate::net::listener::{Bound, Listener};
use crate::protocol::close;
use crate::session::Farewell;

/// How long to wait when the system can't accept, for instance for lack of descriptors.
const RETRY: Duration = Duration::from_millis(50);

/// A task's share in the server: it is over when all shares are dropped.
pub type Share = mpsc::Sender<()>;

/// Runs the server on the calling thread until it is stopped and its last connection is gone.
///
/// # Errors
/// When the runtime can't be built.
pub fn run(shared: &Arc<Shared>, bound: Bound) -> std::io::Result<()> {
    let resting = Arc::clone(shared);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || resting.inbox.rest())
        .build()?;
    shared.inbox.resting_thread();
    runtime.block_on(async {
        let mut stop = shared.stop.subscribe();
        tokio::select! {
            () = serve(shared, bound) => {}
            _ = stop.wait_for(|stop| *stop == Stop::Aborted) => {}
        }
    });
    // Not a bare drop: tasks hold sessions, whose ends the application is told of.
    runtime.shutdown_timeout(Duration::from_secs(1));
    shared.inbox.write(|filling| filling.batch.push(0, Code::Stopped, 0, 0, &[]));
    shared.inbox.rest();
    Ok(())
}

async fn serve(shared: &Arc<Shared>, bound: Bound) {
    let (share, mut all_gone) = mpsc::channel::<()>(1);
    let rounds = [
        tokio::spawn(heartbeat::run(Arc::clone(shared))),
        tokio::spawn(heartbeat::sweep(Arc::clone(shared))),
        tokio::spawn(pacing::flush_overdue(Arc::clone(shared))),
    ];
    tokio::spawn(peer::serve(Arc::clone(shared), share.clone()));
    if let Ok(listener) = bound.into_listener() {
        accept(shared, listener, share).await;
    }
    leave(shared);
    // Bounded: a session has its deadlines for what it still has to send and for the peer's answer.
    let _ = all_gone.recv().await;
    rounds.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Accepts until the server is to stop.
async fn accept(shared: &Arc<Shared>, listener: Listener, share: Share) {
    let mut stop = shared.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop != Stop::Running) => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                tokio::spawn(handshake::serve(Arc::clone(shared), socket, peer, share.clone()));
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// Tells every session that the server goes.
fn leave(shared: &Arc<Shared>) {
    // Also where the listener failed: whoever waits for the end must not wait for ever.
    shared.stop(Stop::Leaving);
    let links: Vec<_> = shared.registry.lock().links().cloned().collect();
    for link in links {
        shared.say_farewell(&link, Farewell::bye(close::SERVER_SHUTDOWN));
    }
}
