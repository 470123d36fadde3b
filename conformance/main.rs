//! The echo as a program, for the Autobahn test suite: listens on a free port of the loopback, prints its address, and serves until it is ended.

use std::error::Error;

use cryo_server::net::listener::{Bound, Endpoint};

mod echo;

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = Endpoint::Port { host: Some("127.0.0.1".into()), port: 0 };
    let bound = Bound::new(&endpoint, false).map_err(|failed| failed.error)?;
    if let Bound::Tcp(_, address) = &bound {
        println!("ws://{address}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { echo::serve(bound.into_listener()?).await })?;
    Ok(())
}
