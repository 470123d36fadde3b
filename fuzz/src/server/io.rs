//! Where the connections run: on the caller's thread, in turns that it gives them, or on a thread of their own, as in the addon.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cryo_server::server::Shared;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long two threads may take to come to rest, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

thread_local! {
    static HERE: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
}

/// The I/O thread, whichever it is.
pub struct Io {
    connections: JoinSet<()>,
    thread: Option<Thread>,
}

struct Thread {
    handle: Handle,
    stop: Arc<Notify>,
    began: Instant,
    running: Option<JoinHandle<()>>,
}

impl Io {
    /// On the caller's thread.
    pub fn here() -> Self {
        Self { connections: JoinSet::new(), thread: None }
    }

    /// On a thread of its own, as `server::io_thread::run` has it.
    pub fn on_thread(shared: &Arc<Shared>) -> Self {
        let (resting, io) = (Arc::clone(shared), Arc::clone(shared));
        let rest = move || resting.inbox.rest();
        let runtime = Builder::new_current_thread().enable_all().on_thread_park(rest).build().expect("a runtime");
        let (handle, stop) = (runtime.handle().clone(), Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop);
        let running = std::thread::spawn(move || {
            io.inbox.resting_thread();
            runtime.block_on(stopped.notified());
            io.inbox.rest();
        });
        let thread = Thread { handle, stop, began: Instant::now(), running: Some(running) };
        Self { connections: JoinSet::new(), thread: Some(thread) }
    }

    /// Runs `make` on the I/O thread, and then the connection that it made; what else it made.
    pub fn open<T, F>(&mut self, make: impl FnOnce() -> (T, F) + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(thread) = &self.thread else {
            return HERE.with(|runtime| {
                let _entered = runtime.enter();
                let (made, connection) = make();
                self.connections.spawn_on(connection, runtime.handle());
                made
            });
        };
        let (answer, answered) = mpsc::channel();
        let connection = async move {
            let (made, connection) = make();
            // Whoever asked waits for it.
            let _ = answer.send(made);
            connection.await;
        };
        self.connections.spawn_on(connection, &thread.handle);
        answered.recv().expect("what it made")
    }

    /// Lets the connections do what they can.
    pub fn turn(&mut self) {
        match &self.thread {
            Some(_) => std::thread::yield_now(),
            None => HERE.with(|runtime| {
                runtime.block_on(async {
                    for _ in 0..4 {
                        tokio::task::yield_now().await;
                    }
                });
            }),
        }
        while let Some(ended) = self.connections.try_join_next() {
            assert!(ended.err().is_none_or(|error| error.is_cancelled()), "a connection panicked");
        }
    }

    /// Whether something may still be under way after a turn in which nothing moved.
    pub fn is_busy(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.began.elapsed() < PATIENCE)
    }

    /// Whether the connections have their turns on the caller's thread alone.
    pub fn is_here(&self) -> bool {
        self.thread.is_none()
    }

    /// Ends all connections, and the thread.
    pub fn end(&mut self) {
        self.connections.abort_all();
        while !self.connections.is_empty() {
            self.turn();
        }
        self.thread = None;
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(running) = self.running.take() {
            // That it panicked has been seen where it did.
            let _ = running.join();
        }
    }
}
