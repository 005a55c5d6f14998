//! The look and words of a site's widget, from what the edge knows.

use porchlight_protocol::ids::SiteKey;
use porchlight_protocol::problem::Problem;
use worker::{Request, Response};

use crate::config::Config;
use crate::routes::{Call, failed};
use crate::sites::{self, Site};
use crate::visitor;

/// What browsers may do with it, as the server says it too.
const CACHING: &str = "public, max-age=60, stale-while-revalidate=600";

pub(crate) async fn get(request: Request, call: &Call<'_>) -> Result<Response, Problem> {
    let key = site_key(&request)?;
    let config = Config::of(call.env)?;
    let ip_hash = visitor::ip_hash(&request, &config.secret).map_err(failed)?;
    visitor::limit(call.env, key.as_str(), ip_hash.as_deref()).await?;
    let site = sites::for_page(call, &config, &key).await?;
    let known = request.headers().get("If-None-Match").map_err(failed)?.unwrap_or_default();
    answer(&site, call, &known).map_err(failed)
}

fn site_key(request: &Request) -> Result<SiteKey, Problem> {
    let url = request.url().map_err(failed)?;
    let mut keys = url.query_pairs().filter(|(name, _)| name == "siteKey").map(|(_, key)| key.into_owned());
    let refused = |message: String| Problem::invalid_field("siteKey", message);
    let key = keys.next().ok_or_else(|| refused("is required".to_owned()))?;
    if keys.next().is_some() {
        return Err(refused("must be given once".to_owned()));
    }
    if let Some((tenant, _)) =
        url.query_pairs().find(|(name, _)| matches!(name.as_ref(), "adminId" | "admin_id" | "tenant"))
    {
        let message = "must not be sent; the credential names the business";
        return Err(Problem::invalid_field(&tenant, message));
    }
    SiteKey::try_from(key).map_err(|error| refused(error.to_string()))
}

fn answer(site: &Site, call: &Call<'_>, known: &str) -> worker::Result<Response> {
    let headers = call.asker.headers()?;
    headers.set("Cache-Control", CACHING)?;
    headers.set("ETag", &site.etag)?;
    let mut tags = known.split(',').map(str::trim);
    if tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == site.etag) {
        return Ok(Response::empty()?.with_status(304).with_headers(headers));
    }
    headers.set("Content-Type", "application/json")?;
    Ok(Response::from_bytes(site.settings.clone())?.with_headers(headers))
}
