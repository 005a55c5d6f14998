//! Serves `examples/site`, the demo shop, with the tag filled in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// What the pages' tag says.
#[derive(Clone, Debug)]
struct Filled {
    folder: Arc<PathBuf>,
    edge: Arc<str>,
    site_key: Arc<str>,
}

/// Serves the pages on a port of the loopback address, 0 for a free one, until the runtime ends; gives the address.
pub async fn serve(folder: &Path, port: u16, edge: &str, site_key: &str) -> anyhow::Result<String> {
    let filled = Filled { folder: Arc::new(folder.to_owned()), edge: edge.into(), site_key: site_key.into() };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .with_context(|| format!("port {port} is taken; end what uses it"))?;
    let address = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(file).with_state(filled);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn file(State(filled): State<Filled>, uri: Uri) -> Response {
    let name = Path::new(uri.path()).file_name().and_then(|name| name.to_str()).unwrap_or("index.html");
    let Ok(text) = tokio::fs::read_to_string(filled.folder.join(name)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css",
        "svg" => "image/svg+xml",
        _ => "text/html; charset=utf-8",
    };
    let text = text
        .replace("__PORCHLIGHT_EDGE__", &filled.edge)
        .replace("__PORCHLIGHT_SITE_KEY__", &filled.site_key);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
