//! The widget's WebAssembly part: the conversation behind the button that the launcher has drawn.
//!
//! [`state`] decides, without a browser; `view` shows, `transport` sends, `outbox` keeps. Start reading at `app`.

pub mod color;
pub mod state;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod json;
#[cfg(target_arch = "wasm32")]
mod outbox;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod transport;
#[cfg(target_arch = "wasm32")]
mod view;
