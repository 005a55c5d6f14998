//! Serves `examples/site` with the tag filled in.

use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// The demo shop on a port of its own; ends with the test's runtime.
pub(crate) struct Site {
    address: String,
}

#[derive(Clone)]
struct Filled {
    edge: String,
    site_key: String,
}

impl Site {
    pub(crate) async fn serve(edge: &str, site_key: &str) -> Self {
        let filled = Filled { edge: edge.to_owned(), site_key: site_key.to_owned() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(file).with_state(filled);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address }
    }

    pub(crate) fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }
}

async fn file(State(filled): State<Filled>, uri: Uri) -> Response {
    let name = Path::new(uri.path()).file_name().and_then(|name| name.to_str()).unwrap_or("index.html");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/site").join(name);
    let Ok(text) = std::fs::read_to_string(path) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = if name.ends_with(".css") { "text/css" } else { "text/html; charset=utf-8" };
    let text = text
        .replace("__PORCHLIGHT_EDGE__", &filled.edge)
        .replace("__PORCHLIGHT_SITE_KEY__", &filled.site_key);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
