//! The I/O thread: its runtime, and its main task, which accepts connections, runs the rounds, and sees the server out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::events::batch::Code;
use super::guard::ConnectionGuard;
use super::handshake::{self, peer, reject};
use super::{Shared, Stop, heartbeat, overdue, scheduling};
use crate::net::listener::{Listener, concerns_one_connection};
use crate::net::socket::Socket;
use crate::protocol::close;
use crate::session::Farewell;

/// Connections accepted before other sockets are looked at again: sessions must not wait for all of those who want to become one.
const ACCEPTS_PER_TURN: u32 = 8;

/// Tasks that run before sockets are looked at again, while there are any: a handshake takes some 30 µs.
const TASKS_PER_LOOK: u32 = 16;

/// Bytes that sessions which have ended may have left the application to handle before new connections have to wait.
const MOST_LEFT: usize = 128 << 20;

/// How long to wait when no connection can be accepted, for instance for lack of descriptors.
const RETRY: Duration = Duration::from_millis(50);

/// What the I/O thread runs on. Built before there is a thread, so that whoever starts the server hears of a failure.
///
/// # Errors
/// When the system has no descriptors left, for instance.
pub fn runtime(shared: &Arc<Shared>) -> std::io::Result<Runtime> {
    let resting = Arc::clone(shared);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(TASKS_PER_LOOK)
        .on_thread_park(move || resting.inbox.rest())
        .build()
}

/// Runs the server, whose listener `runtime` watches, on the calling thread until it is stopped and its last connection is gone.
pub fn run(shared: &Arc<Shared>, listener: Listener, runtime: Runtime) {
    scheduling::yield_to_others();
    shared.inbox.resting_thread();
    runtime.block_on(async {
        let mut stop = shared.stop.subscribe();
        tokio::select! {
            () = serve(shared, listener) => {}
            _ = stop.wait_for(|stop| *stop == Stop::Aborted) => {}
        }
    });
    // Not a bare drop: tasks hold sessions, whose ends the application is told of.
    runtime.shutdown_timeout(Duration::from_secs(1));
    shared.inbox.write(|filling| filling.batch.push(0, Code::Stopped, 0, 0, &[]));
    shared.inbox.rest();
}

async fn serve(shared: &Arc<Shared>, listener: Listener) {
    let (server, mut all_gone) = mpsc::channel::<()>(1);
    let guard = ConnectionGuard::new(server);
    let rounds = [
        tokio::spawn(heartbeat::run(Arc::clone(shared))),
        tokio::spawn(heartbeat::sweep(Arc::clone(shared))),
        tokio::spawn(overdue::flush_overdue(Arc::clone(shared))),
        tokio::spawn(watch(Arc::clone(shared))),
    ];
    tokio::spawn(peer::serve(Arc::clone(shared), guard.outgoing()));
    accept(shared, listener, guard).await;
    let mut stop = shared.stop.subscribe();
    tokio::select! {
        _ = all_gone.recv() => {}
        _ = stop.wait_for(|stop| *stop >= Stop::Leaving) => {}
    }
    // Not in the arm above, where the state would still be borrowed.
    leave(shared);
    // Bounded: a session has its deadlines for what it still has to send and for the peer's answer.
    let _ = all_gone.recv().await;
    rounds.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Tells the application whether there are connections, where it wants to know.
async fn watch(shared: Arc<Shared>) {
    loop {
        let any = shared.limits.change().await;
        shared.inbox.write(|filling| filling.batch.push(0, Code::Occupied, any.into(), 0, &[]));
    }
}

/// Accepts until the server is to stop.
async fn accept(shared: &Arc<Shared>, listener: Listener, guard: ConnectionGuard) {
    let mut stop = shared.stop.subscribe();
    let mut accepts = 0;
    loop {
        accepts += 1;
        if accepts == ACCEPTS_PER_TURN {
            accepts = 0;
            tokio::task::yield_now().await;
        }
        let accepted = tokio::select! {
            accepted = next(shared, &listener) => accepted,
            _ = stop.wait_for(|stop| *stop != Stop::Running) => return,
        };
        match accepted {
            Ok((socket, peer)) => match shared.limits.admit(peer.map(|peer| peer.ip())) {
                Ok(permit) => {
                    tokio::spawn(handshake::serve(Arc::clone(shared), socket, peer, guard.incoming(permit)));
                }
                Err(excess) => reject::reject_excess(shared, socket, peer, excess),
            },
            Err(error) if concerns_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// The next connection, as soon as those that are over have not left too much.
async fn next(shared: &Shared, listener: &Listener) -> std::io::Result<(Socket, Option<SocketAddr>)> {
    let accepted = listener.accept().await?;
    // Not before, when there may be none for long.
    while shared.limits.left() >= MOST_LEFT {
        tokio::time::sleep(RETRY).await;
    }
    Ok(accepted)
}

/// Tells every session that the server goes.
fn leave(shared: &Arc<Shared>) {
    let links: Vec<_> = shared.registry.lock().links().cloned().collect();
    for link in links {
        shared.say_farewell(&link, Farewell::bye(close::SERVER_SHUTDOWN));
    }
}
