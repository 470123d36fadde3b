//! Clients whose own Unix domain socket has an address. Apart from the other tests, because to make the longest one takes `unsafe`.

#![cfg(target_os = "linux")]

use std::ffi::c_char;
use std::fs;

use cryo_server::net::listener::{Endpoint, Listener};
use socket2::{Domain, SockAddr, Socket, Type};

/// The address that is this path, which may fill it to its end: Linux takes it without a zero byte behind it.
fn address(path: &str) -> SockAddr {
    let fill = |storage: *mut socket2::SockAddrStorage, length: *mut u32| {
        // SAFETY: a sockaddr_un of zeroes is one, and the storage has room for it.
        let (address, length) = unsafe { (&mut *storage.cast::<libc::sockaddr_un>(), &mut *length) };
        address.sun_family = libc::AF_UNIX as u16;
        assert!(path.len() <= address.sun_path.len());
        for (to, from) in address.sun_path.iter_mut().zip(path.bytes()) {
            *to = from as c_char;
        }
        *length = size_of::<libc::sockaddr_un>() as u32;
        Ok(())
    };
    // SAFETY: `fill` makes a valid address, and says how long it is.
    let ((), address) = unsafe { SockAddr::try_init(fill) }.expect("an address");
    address
}

#[test]
fn a_client_may_have_an_address_of_any_length() {
    let folder = std::env::temp_dir().join(format!("cryo-{}-address", std::process::id()));
    fs::create_dir(&folder).expect("a folder");
    let within = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    let path = within("server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    runtime.block_on(async {
        let listener = Listener::bind(&Endpoint::Path(path.clone()), false).expect("a free path");
        for length in [107, 108] {
            let client = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
            client.bind(&address(&format!("{:x<length$}", within("")))).expect("a free path");
            client.connect(&address(&path)).expect("a listener");
            let (_socket, peer) = listener.accept().await.expect("its connection");
            assert_eq!(peer, None, "{length}");
        }
    });
    fs::remove_dir_all(folder).expect("a folder of ours");
}
