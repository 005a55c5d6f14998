//! The server as a process of its own: its keys, its signatures, and what a kill leaves behind.
//!
//! `PORCHLIGHT_TEST_SERVER` names the binary; `cargo xtask test` builds it and sets it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by stopping")]

mod api;
mod crash;
mod process;
mod signature;
mod system;
