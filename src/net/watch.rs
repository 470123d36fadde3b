//! A set of sockets that another event loop than the runtime's watches behind one descriptor: an epoll set. On Linux alone any thread can take
//! a socket out of it without involving the loop that watches it.

#[cfg(target_os = "linux")]
pub use linux::Watch;
#[cfg(not(target_os = "linux"))]
pub use nowhere::Watch;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

    use rustix::event::{Timespec, epoll};

    use crate::net::bare::Bare;

    /// Sockets that are told of at a time.
    const AT_ONCE: usize = 64;

    /// A set of sockets. Its descriptor is readable while any of them is.
    #[derive(Debug)]
    pub struct Watch(OwnedFd);

    impl Watch {
        /// An empty set.
        ///
        /// # Errors
        /// When the system has no descriptors left.
        pub fn new() -> io::Result<Self> {
            Ok(Self(epoll::create(epoll::CreateFlags::CLOEXEC)?))
        }

        /// What the event loop watches.
        pub fn descriptor(&self) -> RawFd {
            self.0.as_raw_fd()
        }

        /// Takes a socket in, until it is taken out or closed. `key` is what [`Watch::readable`] calls it.
        ///
        /// # Errors
        /// When the system can't watch more.
        pub fn add(&self, socket: &Bare, key: u64) -> io::Result<()> {
            let data = epoll::EventData::new_u64(key);
            Ok(epoll::add(&self.0, socket.as_fd(), data, epoll::EventFlags::IN)?)
        }

        /// Takes it out again.
        pub fn remove(&self, socket: &Bare) {
            // What is not in it can't be taken out, and need not.
            let _ = epoll::delete(&self.0, socket.as_fd());
        }

        /// Appends the keys of those that can be read. Where that are many it is some of them, and others the next time.
        pub fn readable(&self, keys: &mut Vec<u64>) {
            let mut events = [const { MaybeUninit::<epoll::Event>::uninit() }; AT_ONCE];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            // Interrupted, it will be asked again: the descriptor stays readable.
            if let Ok((events, _)) = epoll::wait(&self.0, &mut events, Some(&now)) {
                keys.extend(events.iter().map(|event| event.data.u64()));
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod nowhere {
    use std::io;

    use crate::net::bare::Bare;

    /// There is none.
    #[derive(Debug)]
    pub enum Watch {}

    impl Watch {
        /// Takes a socket in.
        ///
        /// # Errors
        /// Never called.
        pub fn add(&self, _: &Bare, _: u64) -> io::Result<()> {
            match *self {}
        }

        /// Takes it out again.
        pub fn remove(&self, _: &Bare) {
            match *self {}
        }

        /// Appends the keys of those that can be read.
        pub fn readable(&self, _: &mut Vec<u64>) {
            match *self {}
        }
    }
}
