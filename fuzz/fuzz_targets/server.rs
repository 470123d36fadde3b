//! See `cryo_fuzz::server`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        // Writing to a socket whose other end has gone is an error and no signal, as in Rust's and Node.js's own programs.
        // SAFETY: nothing else sets signals up.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    },
    |data: &[u8]| cryo_fuzz::server::run(data)
);
