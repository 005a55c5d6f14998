//! The edge: a Cloudflare Worker between visitors and the Porchlight server.
//!
//! It keeps nothing: a capture is answered 200 only when the server has said so. Start reading at [`routes`].

#![cfg(target_arch = "wasm32")]

mod answer;
mod chat;
mod config;
mod forward;
mod routes;
mod settings;
mod widget;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    routes::answer(request, &env).await
}
