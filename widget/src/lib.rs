//! The widget's WebAssembly part: the conversation behind the button that the launcher has drawn.
//!
//! [`state`] decides, without a browser; `view` shows, `host` is what the browser does, `what` numbers both. Start reading
//! at `app`.

pub mod color;
mod finder;
pub mod state;
pub mod view;
pub mod what;

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
mod host;

/// The standard one is made for speed and takes four times the bytes.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
