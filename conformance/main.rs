//! The echo as a program, for the Autobahn test suite: listens on a free port of the loopback, prints its address, and serves until it is ended.

use std::error::Error;

use cryo_server::net::listener::{Endpoint, Listener};

mod echo;

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = Endpoint::Port { host: Some("127.0.0.1".into()), port: 0 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = Listener::bind(&endpoint, false).map_err(|failed| failed.error)?;
        if let Listener::Tcp(_, address) = &listener {
            println!("ws://{address}");
        }
        echo::serve(listener).await
    })?;
    Ok(())
}
