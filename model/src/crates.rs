//! What the addon's source uses of other crates: parking_lot and futures-util on loom's threads, of tokio, rustls and tungstenite just enough.

use loom::sync::MutexGuard as Guard;
use std::sync::PoisonError;

/// parking_lot's mutex.
#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

pub type MutexGuard<'a, T> = Guard<'a, T>;

impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub mod sync {
    /// tokio's.
    #[derive(Debug)]
    pub struct OwnedSemaphorePermit;
}

pub mod task {
    use loom::future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    /// tokio's, for whoever polls it once.
    pub struct YieldNow;

    pub fn yield_now() -> YieldNow {
        YieldNow
    }

    impl Future for YieldNow {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }

    /// futures-util's.
    #[derive(Debug)]
    pub struct AtomicWaker(future::AtomicWaker);

    impl AtomicWaker {
        #[expect(clippy::new_without_default, reason = "as the one it stands for is used")]
        pub fn new() -> Self {
            Self(future::AtomicWaker::new())
        }

        pub fn register(&self, waker: &Waker) {
            self.0.register_by_ref(waker);
        }

        pub fn wake(&self) {
            self.0.wake();
        }

        pub fn take(&self) -> Option<Waker> {
            self.0.take_waker()
        }
    }
}

pub mod io {
    /// tokio's.
    pub struct ReadBuf<'a> {
        bytes: &'a mut [u8],
        filled: usize,
    }

    impl<'a> ReadBuf<'a> {
        pub fn new(bytes: &'a mut [u8]) -> Self {
            Self { bytes, filled: 0 }
        }

        pub fn put_slice(&mut self, bytes: &[u8]) {
            self.bytes[self.filled..][..bytes.len()].copy_from_slice(bytes);
            self.filled += bytes.len();
        }

        pub fn filled_mut(&mut self) -> &mut [u8] {
            &mut self.bytes[..self.filled]
        }
    }
}

pub mod time {
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    /// Over at once, or never: nothing may depend on a deadline but what has one to miss.
    pub struct Sleep(Poll<()>);

    pub fn sleep(duration: Duration) -> Sleep {
        Sleep(if duration.is_zero() { Poll::Ready(()) } else { Poll::Pending })
    }

    impl Future for Sleep {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            self.0
        }
    }
}

pub mod rustls {
    /// There is no TLS.
    #[derive(Debug)]
    pub enum Connection {}

    impl Connection {
        pub fn wants_write(&self) -> bool {
            match *self {}
        }

        pub fn write_tls(&mut self, _: &mut impl std::io::Write) -> std::io::Result<usize> {
            match *self {}
        }

        pub fn send_close_notify(&mut self) {
            match *self {}
        }

        pub fn writer(&mut self) -> std::io::Sink {
            match *self {}
        }
    }

    #[derive(Debug)]
    pub struct ClientConfig;

    #[derive(Debug)]
    pub struct ServerConfig;
}

pub mod tungstenite {
    pub mod protocol {
        pub mod frame {
            pub mod coding {
                /// Of a close frame; any code is as good as another.
                pub struct CloseCode;

                impl From<u16> for CloseCode {
                    fn from(_: u16) -> Self {
                        Self
                    }
                }

                impl CloseCode {
                    pub fn is_allowed(&self) -> bool {
                        true
                    }
                }
            }
        }
    }
}
