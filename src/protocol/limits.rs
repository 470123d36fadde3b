//! Sizes of frames and their parts, in bytes (docs/protocol.md, "Frames").

/// What every frame starts with: `sid: u64` and `type: u8`.
pub const PREFIX_LEN: usize = 9;

/// The longest head of any frame, that of ENDPOINT_INFO and of TX_FETCH.
pub const MAX_HEAD_LEN: usize = 25;

/// The longest payload the protocol allows (`CRYO_MAX_PAYLOAD`, 16 MiB).
///
/// [`decode`](super::decode()) does not check it: the WebSocket layer refuses a longer message
/// before it is in memory, with close code 1009.
pub const MAX_PAYLOAD: usize = 16 * 1024 * 1024;
