//! The widget's files, inside the binary: for those who run no edge.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::widget::{RELEASE, in_release};
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};
use crate::headers::{etag_of, is_known, takes_brotli};

// `FILES`: path below the widget's folder and content, written by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

struct Asset {
    content: &'static [u8],
    etag: String,
}

static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let asset = |content: &'static [u8]| Asset { content, etag: etag_of(&Sha256::digest(content)) };
    FILES.iter().map(|(path, content)| (*path, asset(content))).collect()
});

/// `GET /widget.js`, its types `GET /porchlight.d.ts`, and `GET /assets/…`.
pub async fn get(uri: Uri, headers: HeaderMap) -> ApiResult<Response> {
    let asked = uri.path().trim_start_matches('/');
    let current = ASSETS.get(RELEASE).filter(|_| !ASSETS.contains_key(asked));
    let current = current.and_then(|release| in_release(asked, std::str::from_utf8(release.content).ok()?));
    let path = current.as_deref().unwrap_or(asked);
    let plain = ASSETS.get(path).filter(|_| !path.ends_with(".br")).ok_or_else(missing)?;
    let compressed = ASSETS.get(format!("{path}.br").as_str()).filter(|_| takes_brotli(&headers));
    let asset = compressed.unwrap_or(plain);
    // Names under assets/ hold a hash of the content; widget.js is what pages name, and changes.
    let caching = match path.starts_with("assets/") {
        true if current.is_some() => "no-cache",
        true => "public, max-age=31536000, immutable",
        false => "public, max-age=300, stale-while-revalidate=86400",
    };
    let common = [
        (header::CACHE_CONTROL, caching),
        (header::ETAG, &asset.etag),
        (header::VARY, "Accept-Encoding"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    if is_known(&headers, &asset.etag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let kind = [(header::CONTENT_TYPE, content_type(path))];
    let encoding = compressed.map(|_| [(header::CONTENT_ENCODING, "br")]);
    Ok(match encoding {
        Some(encoding) => (common, kind, encoding, asset.content).into_response(),
        None => (common, kind, asset.content).into_response(),
    })
}

fn missing() -> ApiError {
    let detail = match FILES.is_empty() {
        true => {
            "This server was built without the widget's files; `cargo xtask build` makes one that has them."
        }
        false => "The widget has no such file.",
    };
    Problem::not_found(detail).into()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "ts" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
