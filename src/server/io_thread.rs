//! The I/O thread: its runtime, and its main task, which accepts connections, runs the rounds, and sees the server out.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

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
    see_out(shared, runtime, async {
        let mut stop = shared.stop.subscribe();
        tokio::select! {
            () = serve(shared, listener) => {}
            _ = stop.wait_for(|stop| *stop == Stop::Aborted) => {}
        }
    });
}

/// Runs `main`, and sees to it that the application hears of the end, whatever that is. A connection's task that panics costs its connection
/// alone, as the runtime catches it. Behind a panic of `main`, or of the runtime itself, there is no server any more.
fn see_out(shared: &Shared, runtime: Runtime, main: impl Future<Output = ()>) {
    let ended = catch_unwind(AssertUnwindSafe(move || {
        runtime.block_on(main);
        // Not a bare drop: tasks hold sessions, whose ends the application is told of. A panic drops it, and they are told of all the same.
        runtime.shutdown_timeout(Duration::from_secs(1));
    }));
    let failure = ended.as_ref().err().map(|panic| words(&**panic));
    shared.inbox.write(|filling| {
        let said = failure.unwrap_or_default().as_bytes();
        filling.batch.push(0, Code::Stopped, failure.is_some().into(), 0, said);
    });
    shared.inbox.rest();
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}

async fn serve(shared: &Arc<Shared>, listener: Listener) {
    let (server, all_gone) = mpsc::channel::<()>(1);
    let guard = ConnectionGuard::new(server);
    // Aborted with this future.
    let mut rounds = JoinSet::new();
    rounds.spawn(heartbeat::run(Arc::clone(shared)));
    rounds.spawn(heartbeat::sweep(Arc::clone(shared)));
    rounds.spawn(overdue::flush_overdue(Arc::clone(shared)));
    rounds.spawn(watch(Arc::clone(shared)));
    rounds.spawn(peer::serve(Arc::clone(shared), guard.outgoing()));
    tokio::select! {
        () = accept_and_leave(shared, listener, guard, all_gone) => {}
        () = panic_with(rounds) => {}
    }
}

/// Panics as soon as one of the tasks has, and never ends otherwise: without its heartbeat, say, a server would be there and not keep its word.
async fn panic_with(mut tasks: JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Some(Ok(panic)) = ended.err().map(JoinError::try_into_panic) {
            resume_unwind(panic);
        }
    }
    std::future::pending().await
}

/// Accepts until the server is to stop, and waits until all connections are gone.
async fn accept_and_leave(
    shared: &Arc<Shared>,
    listener: Listener,
    guard: ConnectionGuard,
    mut all_gone: mpsc::Receiver<()>,
) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::events::batch::{Batch, WORDS};
    use crate::server::settings::Settings;

    /// Events of a server whose main task is `main`: codes and their first argument, and all of their payloads.
    fn events(main: impl AsyncFnOnce(&Arc<Shared>)) -> (Vec<(u32, u32)>, String) {
        let shared = Shared::new(Settings::default(), None, Box::new(|| ()));
        let runtime = runtime(&shared).expect("a runtime");
        see_out(&shared, runtime, main(&shared));
        let batch = shared.inbox.next(Batch::default()).expect("events");
        let descriptors = batch.words.chunks(WORDS).map(|words| (words[1], words[2])).collect();
        (descriptors, String::from_utf8_lossy(&batch.bytes).into_owned())
    }

    const STOPPED: u32 = Code::Stopped as u32;

    #[test]
    fn the_application_hears_of_an_end() {
        assert_eq!(events(async |_| ()), (vec![(STOPPED, 0)], String::new()));
    }

    #[test]
    fn the_application_hears_of_a_panic_behind_what_it_has_ended() {
        let (events, said) = events(async |shared| {
            let ending = Ending(Arc::clone(shared));
            tokio::spawn(async move {
                let _ending = ending;
                std::future::pending::<()>().await
            });
            tokio::task::yield_now().await;
            panic!("no more than {}", 108)
        });
        assert_eq!(events, [(Code::Occupied as u32, 7), (STOPPED, 1)]);
        assert_eq!(said, "no more than 108");
    }

    #[test]
    fn a_round_that_panics_ends_the_server_and_one_that_ends_does_not() {
        let (events, said) = events(async |_| {
            let mut rounds = JoinSet::new();
            rounds.spawn(async {});
            rounds.spawn(async {
                tokio::task::yield_now().await;
                panic!("a round");
            });
            panic_with(rounds).await;
        });
        assert_eq!((events, said.as_str()), (vec![(STOPPED, 1)], "a round"));
    }

    /// Tells the application when it is dropped, as a session does.
    struct Ending(Arc<Shared>);

    impl Drop for Ending {
        fn drop(&mut self) {
            self.0.inbox.write(|filling| filling.batch.push(0, Code::Occupied, 7, 0, &[]));
        }
    }
}
