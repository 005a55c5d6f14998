//! Serves a folder of pages, such as the demo shop `examples/site`, with the tag filled in.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// What the pages' tag says.
#[derive(Clone, Debug)]
struct Filled {
    folder: Arc<PathBuf>,
    edge: Arc<str>,
    site_key: Arc<str>,
}

/// Serves the pages on a port of the loopback address, 0 for a free one, until the runtime ends; gives the address.
///
/// Where there is no file for a path, the page of that name or else the first page is served, as for an app in the browser.
/// A file `_headers` says what pages are sent with, in the form that Cloudflare Pages and Netlify read.
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
    let Some((name, content)) = filled.find(uri.path()).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut answer = ([(header::CONTENT_TYPE, kind(&name))], content).into_response();
    let said = filled.read("_headers").await.unwrap_or_default();
    answer.headers_mut().extend(headers_for(&String::from_utf8_lossy(&said), uri.path()));
    answer
}

impl Filled {
    /// The file for a path, and its name.
    async fn find(&self, path: &str) -> Option<(String, Vec<u8>)> {
        let path = path.trim_matches('/');
        let names = match Path::new(path).extension() {
            Some(_) => vec![path.to_owned()],
            None => vec![format!("{path}.html"), "index.html".to_owned()],
        };
        for name in names {
            if let Some(content) = self.read(&name).await {
                return Some((name, content));
            }
        }
        None
    }

    /// A file of the folder with the tag filled in.
    async fn read(&self, name: &str) -> Option<Vec<u8>> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        let content = tokio::fs::read(self.folder.join(name)).await.ok().filter(|_| inside)?;
        Some(match String::from_utf8(content) {
            Ok(text) => {
                let text = text.replace("__PORCHLIGHT_EDGE__", &self.edge);
                text.replace("__PORCHLIGHT_SITE_KEY__", &self.site_key).into_bytes()
            }
            Err(binary) => binary.into_bytes(),
        })
    }
}

/// What a `_headers` file says of a path.
fn headers_for(said: &str, path: &str) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    let mut meant = false;
    for line in said.lines() {
        if line.starts_with('/') {
            meant = line.strip_suffix('*').map_or(path == line, |prefix| path.starts_with(prefix));
        } else if let Some((name, value)) = line.split_once(':').filter(|_| meant)
            && let (Ok(name), Ok(value)) = (name.trim().parse(), value.trim().parse())
        {
            headers.push((name, value));
        }
    }
    headers
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css",
        "js" => "text/javascript",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}
