//! The look and words of a site's widget, from the edge's cache where they are fresh.

use porchlight_protocol::problem::Problem;
use worker::{Cache, Env, Request, Response, Url};

use crate::answer::Asker;
use crate::config::Config;
use crate::forward::forward;
use crate::routes::failed;

pub(crate) async fn get(request: Request, env: &Env, asker: &Asker) -> Result<Response, Problem> {
    let key = key(&request, asker).map_err(failed)?;
    let cache = Cache::default();
    let known = request.headers().get("If-None-Match").map_err(failed)?;
    if let Some(cached) = cache.get(&key, false).await.map_err(failed)? {
        return fresh(cached, asker, known).map_err(failed);
    }
    let mut answer = forward(&request, &Config::of(env)?, asker, Vec::new()).await?;
    if answer.status_code() == 200 {
        let copy = answer.cloned().map_err(failed)?;
        // A cache that does not take it costs time, nothing else.
        if let Err(error) = cache.put(&key, copy).await {
            worker::console_error!("the cache failed: {error}");
        }
    }
    Ok(answer)
}

/// The answer depends on the site and, through its list of origins, on the page's origin.
fn key(request: &Request, asker: &Asker) -> worker::Result<String> {
    let mut url: Url = request.url()?;
    let site = url.query_pairs().find(|(name, _)| name == "siteKey").map(|(_, key)| key.into_owned());
    url.query_pairs_mut()
        .clear()
        .append_pair("siteKey", &site.unwrap_or_default())
        .append_pair("origin", asker.origin.as_deref().unwrap_or_default());
    Ok(url.to_string())
}

fn fresh(cached: Response, asker: &Asker, known: Option<String>) -> worker::Result<Response> {
    let etag = cached.headers().get("ETag")?;
    let headers = worker::Headers::new();
    for (name, value) in cached.headers().entries() {
        headers.set(&name, &value)?;
    }
    headers.set("X-Request-Id", &asker.request_id)?;
    match etag.is_some() && known == etag {
        true => Ok(Response::empty()?.with_status(304).with_headers(headers)),
        false => Ok(Response::from_body(cached.into_parts().1)?.with_headers(headers)),
    }
}
