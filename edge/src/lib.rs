//! The edge: a Cloudflare Worker between visitors and the Porchlight server.
//!
//! A capture is answered 200 only when the server has said so, and 202 only when the queue has it. Start reading at
//! [`routes`].

#![cfg(target_arch = "wasm32")]

mod answer;
mod chat;
mod config;
mod forward;
mod queue;
mod routes;
mod settings;
mod sites;
mod visitor;
mod widget;

use worker::{Context, Env, MessageBatch, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    routes::answer(request, &env, &context).await
}

#[event(queue)]
async fn queue(batch: MessageBatch<forward::Onward>, env: Env, _context: Context) -> Result<()> {
    queue::deliver(&batch, &env).await;
    Ok(())
}
