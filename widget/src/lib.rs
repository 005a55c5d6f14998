//! The widget's WebAssembly part: the conversation behind the button that the launcher has drawn.
//!
//! [`state`] decides, without a browser; `view` shows, `transport` sends, `outbox` keeps, `host` is what the
//! browser does for them. Start reading at `app`.

pub mod color;
pub mod state;
pub mod stream;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod json;
#[cfg(target_arch = "wasm32")]
mod outbox;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod settings;
#[cfg(target_arch = "wasm32")]
mod transport;

/// The standard one is made for speed and takes four times the bytes.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
