//! The widget's files: compressed once when they were built, immutable where the name holds a hash.

use porchlight_protocol::problem::Problem;
use porchlight_protocol::widget::{RELEASE, in_release};
use worker::{EncodeBody, Fetcher, Headers, Request, RequestInit, Response, ResponseBody};

use crate::config::assets;
use crate::routes::{Call, failed};

/// Whether a path can name one of the widget's files.
pub(crate) fn is_file(path: &str) -> bool {
    matches!(path, "/widget.js" | "/porchlight.d.ts")
        || (path.starts_with("/assets/") && !path.ends_with(".br") && !path.contains(".."))
}

pub(crate) async fn get(request: Request, call: &Call<'_>, path: &str) -> Result<Response, Problem> {
    let files = assets(call.env).map_err(failed)?;
    if let Some(answer) = find(&request, &files, call, path, caching(path)).await? {
        return Ok(answer);
    }
    let missing = || Problem::not_found("The widget has no such file.");
    let current = current(&request, &files, path).await.map_err(failed)?.ok_or_else(missing)?;
    find(&request, &files, call, &current, "no-cache").await?.ok_or_else(missing)
}

/// Where the file of another release is in this one.
async fn current(request: &Request, files: &Fetcher, path: &str) -> worker::Result<Option<String>> {
    let folder = fetch(request, files, &["/", RELEASE].concat()).await?.text().await?;
    Ok(in_release(path.trim_start_matches('/'), &folder).map(|path| ["/", &path].concat()))
}

async fn find(
    request: &Request,
    files: &Fetcher,
    call: &Call<'_>,
    path: &str,
    caching: &str,
) -> Result<Option<Response>, Problem> {
    let accepted = request.headers().get("Accept-Encoding").map_err(failed)?.unwrap_or_default();
    if accepted.split(',').any(|coding| coding.split(';').next().unwrap_or_default().trim() == "br") {
        let file = fetch(request, files, &[path, ".br"].concat()).await.map_err(failed)?;
        if file.status_code() < 400 {
            return answer(file, call, path, caching, true).map(Some).map_err(failed);
        }
    }
    let file = fetch(request, files, path).await.map_err(failed)?;
    match file.status_code() {
        status if status < 400 => answer(file, call, path, caching, false).map(Some).map_err(failed),
        _ => Ok(None),
    }
}

fn caching(path: &str) -> &'static str {
    match path.starts_with("/assets/") {
        true => "public, max-age=31536000, immutable",
        false => "public, max-age=300, stale-while-revalidate=86400",
    }
}

async fn fetch(request: &Request, files: &Fetcher, path: &str) -> worker::Result<Response> {
    let headers = Headers::new();
    if let Some(known) = request.headers().get("If-None-Match")? {
        headers.set("If-None-Match", &known)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    files.fetch(["https://assets", path].concat(), Some(init)).await
}

fn answer(
    file: Response,
    call: &Call<'_>,
    path: &str,
    caching: &str,
    compressed: bool,
) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("Content-Type", kind(path))?;
    headers.set("Access-Control-Allow-Origin", "*")?;
    call.asker.sign_off(&headers)?;
    headers.set("Vary", "Accept-Encoding")?;
    headers.set("Cache-Control", caching)?;
    if let Some(etag) = file.headers().get("ETag")? {
        headers.set("ETag", &etag)?;
    }
    if compressed {
        headers.set("Content-Encoding", "br")?;
    }
    let status = file.status_code();
    let body = if status == 304 { ResponseBody::Empty } else { file.into_parts().1 };
    let encoding = if compressed { EncodeBody::Manual } else { EncodeBody::Automatic };
    Ok(Response::from_body(body)?.with_status(status).with_headers(headers).with_encode_body(encoding))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "ts" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
