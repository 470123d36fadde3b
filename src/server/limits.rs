//! How many connections there may be: in all, and from one address. A connection counts from its accept to its end,
//! whatever it turns out to be: a session, a handshake that fails, or plain HTTP. One that has left the application something
//! to handle counts until that is done, and so do these bytes: otherwise clients that come and go could leave any amount.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The limits, and what counts towards them.
#[derive(Debug)]
pub struct Limits {
    max: AtomicUsize,
    max_per_address: usize,
    counts: Mutex<Counts>,
    /// The first connection has come, or the last one has gone.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Bytes that connections which are over have left the application to handle.
    left: usize,
    /// As [`counted`] has them. Kept only where there is a limit on it.
    by_address: HashMap<IpAddr, usize>,
    /// Somebody wants to know whether there are any.
    watched: bool,
}

/// The part of an IPv6 address that tells who it is (RFC 4291 section 2.5.1): any client has all addresses of such a network.
const NETWORK: u128 = u128::MAX << 64;

/// Which limit a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// That of connections in all.
    InAll,
    /// That of connections from one address.
    FromAddress,
}

/// The permit of one connection, given back when it is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    limits: Arc<Limits>,
    address: Option<IpAddr>,
    /// What its connection has left to be handled, in bytes.
    left: AtomicUsize,
}

impl Limits {
    /// Limits; `usize::MAX` stands for none.
    pub fn new(max: usize, max_per_address: usize) -> Arc<Self> {
        Arc::new(Self { max: max.into(), max_per_address, counts: Mutex::default(), changed: Notify::new() })
    }

    /// Sets another limit in all. The connections there are stay.
    pub fn set_max(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// A permit for a connection from `address`; one over a Unix domain socket has none, and no limit of its own.
    ///
    /// # Errors
    /// When a limit is reached.
    pub fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<ConnectionPermit, Excess> {
        let address = address.filter(|_| self.max_per_address < usize::MAX).map(counted);
        let mut counts = self.counts.lock();
        if counts.all >= self.max.load(Ordering::Relaxed) {
            return Err(Excess::InAll);
        }
        if let Some(address) = address {
            let count = counts.by_address.entry(address).or_default();
            // A limit is at least 1: an entry that was just made is under it.
            if *count >= self.max_per_address {
                return Err(Excess::FromAddress);
            }
            *count += 1;
        }
        counts.all += 1;
        if counts.watched && counts.all == 1 {
            self.changed.notify_one();
        }
        Ok(ConnectionPermit { limits: Arc::clone(self), address, left: AtomicUsize::new(0) })
    }

    /// Whether there are any connections. From now on [`Limits::change`] tells of it.
    pub fn watch(&self) -> bool {
        let mut counts = self.counts.lock();
        counts.watched = true;
        counts.all > 0
    }

    /// Whether there are any connections, once that may have changed.
    pub async fn change(&self) -> bool {
        self.changed.notified().await;
        self.connections() > 0
    }

    /// Connections there are.
    pub fn connections(&self) -> usize {
        self.counts.lock().all
    }

    /// Bytes that connections which are over have left the application to handle.
    pub fn left(&self) -> usize {
        self.counts.lock().left
    }
}

/// What all addresses of one client have in common: `::ffff:192.0.2.1` and `192.0.2.1` are the same, and so are those of one IPv6 network.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
    }
}

impl ConnectionPermit {
    /// The connection is over, and has left this many bytes to be handled: they count for as long as somebody keeps the permit.
    pub fn leave(&self, bytes: usize) {
        self.limits.counts.lock().left += bytes;
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limits.counts.lock();
        counts.all -= 1;
        counts.left -= *self.left.get_mut();
        if counts.watched && counts.all == 0 {
            self.limits.changed.notify_one();
        }
        if let Some(Entry::Occupied(mut entry)) = self.address.map(|address| counts.by_address.entry(address)) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn a_permit_is_given_back_when_its_connection_is_gone() {
        let limits = Limits::new(2, usize::MAX);
        let first = limits.admit(None);
        let second = limits.admit(address("192.0.2.1"));
        assert_eq!(limits.admit(None).err(), Some(Excess::InAll));
        drop(first);
        assert!(limits.admit(None).is_ok());
        drop(second);
        assert_eq!(limits.connections(), 0);
    }

    #[test]
    fn another_limit_counts_from_then_on() {
        let limits = Limits::new(usize::MAX, usize::MAX);
        let permit = limits.admit(None);
        limits.set_max(1);
        assert_eq!(limits.admit(None).err(), Some(Excess::InAll));
        drop(permit);
        assert!(limits.admit(None).is_ok());
        limits.set_max(0);
        assert_eq!(limits.admit(None).err(), Some(Excess::InAll));
    }

    #[tokio::test]
    async fn who_watches_is_told_of_the_first_and_of_the_last() {
        let limits = Limits::new(usize::MAX, usize::MAX);
        let first = limits.admit(None);
        assert!(limits.watch());
        let second = limits.admit(None);
        drop(first);
        drop(second);
        assert!(!limits.change().await);
        let third = limits.admit(None);
        assert!(limits.change().await);
        drop(third);
        let _fourth = limits.admit(None);
        assert!(limits.change().await, "it is as it was");
    }

    #[test]
    fn what_a_connection_has_left_counts_as_long_as_its_permit() {
        let limits = Limits::new(1, usize::MAX);
        let permit = limits.admit(None).expect("the first one");
        permit.leave(7);
        assert_eq!(limits.left(), 7);
        drop(permit);
        assert_eq!((limits.left(), limits.connections()), (0, 0));
    }

    #[test]
    fn an_address_is_the_same_in_both_its_forms_and_none_is_remembered() {
        let limits = Limits::new(usize::MAX, 1);
        let permit = limits.admit(address("192.0.2.1"));
        assert_eq!(limits.admit(address("::ffff:192.0.2.1")).err(), Some(Excess::FromAddress));
        assert!(limits.admit(address("192.0.2.2")).is_ok());
        assert!(limits.admit(None).is_ok(), "no address, no limit");
        drop(permit);
        assert!(limits.admit(address("192.0.2.1")).is_ok());
        assert!(limits.counts.lock().by_address.is_empty());
    }

    #[test]
    fn of_ipv6_a_network_is_one_address() {
        let limits = Limits::new(usize::MAX, 2);
        let first = limits.admit(address("2001:db8:1:2::1"));
        let second = limits.admit(address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(limits.admit(address("2001:db8:1:2:3::")).err(), Some(Excess::FromAddress));
        assert!(limits.admit(address("2001:db8:1:3::1")).is_ok());
        drop(first);
        let third = limits.admit(address("2001:db8:1:2:3::"));
        assert!(third.is_ok());
        drop((second, third));
        assert!(limits.counts.lock().by_address.is_empty());
    }
}
