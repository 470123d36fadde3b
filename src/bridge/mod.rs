//! The only code that knows Node.js: what `lib/` calls, and how it is woken. No logic: that is in [`server`](crate::server) and below.
//!
//! | module | holds |
//! |---|---|
//! | [`native_server`] | the class that JavaScript holds |
//! | [`http_socket`] | the class that JavaScript holds for a connection it serves itself |
//! | [`listening`] | where a server listens, or why it does not |
//! | [`codes`] | the numbers that both sides have, for a test to compare them |
//! | [`options`] | JavaScript's options as settings |
//! | [`parcel`] | the class that JavaScript holds for a payload it takes over step by step |
//! | [`peers`] | connecting to other servers |
//! | [`exchange`] | batches of commands and events, each way in one call |
//! | [`arrays`] | the arrays that both sides read and write |
//! | [`delivery`] | batches of events, portion by portion, into JavaScript's arrays |
//! | [`dirty`] | sessions with unsent output |
//! | [`commands`] | batches of commands out of JavaScript's arrays |
//! | [`yield_cpu`] | how the JavaScript thread lets the I/O thread have its turn |
//! | [`heap`] | how much freed memory the process keeps |
//! | [`wake`] | how the I/O thread wakes the event loop |
//! | `on_wake` | JavaScript's `onWake`, as the event loop itself calls it, on Linux |
//! | `event_loop` | how the event loop is woken and watches the sockets that are lent to it, on Linux |
//! | `uv` | the functions of libuv for that |

pub mod arrays;
pub mod codes;
pub mod commands;
pub mod delivery;
pub mod dirty;
#[cfg(target_os = "linux")]
pub mod event_loop;
pub mod exchange;
pub mod heap;
pub mod http_socket;
pub mod listening;
pub mod native_server;
#[cfg(target_os = "linux")]
mod on_wake;
pub mod options;
pub mod parcel;
pub mod peers;
#[cfg(target_os = "linux")]
mod uv;
pub mod wake;
pub mod yield_cpu;
