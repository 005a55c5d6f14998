//! What the edge knows of sites: their settings and allowed origins, as the server told them.
//!
//! They are kept in this isolate's memory and in the cache of the data centre, for long: after a minute they are
//! looked up again behind the answer, and while the server cannot be reached the old ones count.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use porchlight_protocol::ids::SiteKey;
use porchlight_protocol::origins::{SITE_HEADER, is_allowed};
use porchlight_protocol::problem::Problem;
use worker::{Cache, Date, Headers, Response};

use crate::answer::{Asker, unavailable};
use crate::config::Config;
use crate::forward::{Onward, PATIENCE, rest};
use crate::routes::{Call, failed};

/// How long what was read counts without another look, in milliseconds.
const FRESH: u64 = 60_000;

/// The same before somebody is refused for it: who has just added an origin must not wait for a minute.
const FRESH_TO_REFUSE: u64 = 5_000;

/// How long after a look behind an answer the next one may begin: a server that is away is not asked for each visitor.
const ONE_LOOK: u64 = 10_000;

/// How long the data centre may keep it.
const KEPT: &str = "public, max-age=2592000";

/// When it was read, in the cache's copy.
const READ_AT: &str = "X-Porchlight-Read-At";

/// Most sites in one isolate's memory.
const MOST: usize = 1_000;

/// A site as it was read.
pub(crate) struct Site {
    /// Origins that may use it; empty allows all.
    origins: Vec<String>,
    /// Of the settings.
    pub(crate) etag: String,
    /// The settings, as JSON.
    pub(crate) settings: Vec<u8>,
    read_at: u64,
}

/// What the server said of a site key.
#[derive(Clone)]
enum Known {
    Site(Rc<Site>),
    /// There is no such site; when it said so.
    None(u64),
}

thread_local! {
    static SITES: RefCell<HashMap<String, Known>> = RefCell::default();
    /// When the last look behind an answer began.
    static LOOKS: RefCell<HashMap<String, u64>> = RefCell::default();
}

/// Refuses a page that may not use the site, as far as the site is known here; what is not, the server refuses.
pub(crate) async fn check_origin(call: &Call<'_>, config: &Config, key: &SiteKey) -> Result<(), Problem> {
    let Some(known) = recall(call, config, key).await else {
        look_behind(call, config, key);
        return Ok(());
    };
    let site = known.site()?;
    match site.allows(&call.asker) {
        true => Ok(()),
        false => allowed_now(call, config, key, &site).await.map(|_| ()),
    }
}

/// The site for a page that may use it. Only what was never seen here has to be waited for.
pub(crate) async fn for_page(call: &Call<'_>, config: &Config, key: &SiteKey) -> Result<Rc<Site>, Problem> {
    let known = match recall(call, config, key).await {
        Some(known) => known,
        None => look(config, key, &call.asker, cache_key(call, key)).await?,
    };
    let site = known.site()?;
    match site.allows(&call.asker) {
        true => Ok(site),
        false => allowed_now(call, config, key, &site).await,
    }
}

impl Known {
    fn site(self) -> Result<Rc<Site>, Problem> {
        match self {
            Self::Site(site) => Ok(site),
            Self::None(_) => Err(Problem::unauthenticated()),
        }
    }

    fn age(&self) -> u64 {
        let read_at = match self {
            Self::Site(site) => site.read_at,
            Self::None(at) => *at,
        };
        now().saturating_sub(read_at)
    }
}

impl Site {
    fn allows(&self, asker: &Asker) -> bool {
        is_allowed(&self.origins, asker.origin.as_deref())
    }
}

/// Looks again before a refusal, unless that was done a moment ago.
async fn allowed_now(
    call: &Call<'_>,
    config: &Config,
    key: &SiteKey,
    site: &Site,
) -> Result<Rc<Site>, Problem> {
    if now().saturating_sub(site.read_at) >= FRESH_TO_REFUSE
        && let Ok(Known::Site(site)) = look(config, key, &call.asker, cache_key(call, key)).await
        && site.allows(&call.asker)
    {
        return Ok(site);
    }
    Err(Problem::origin_not_allowed())
}

/// What is known without asking the server; what is old is looked up behind the answer.
async fn recall(call: &Call<'_>, config: &Config, key: &SiteKey) -> Option<Known> {
    let remembered = SITES.with_borrow(|sites| sites.get(key.as_str()).cloned());
    let known = match remembered {
        Some(known) => known,
        None => {
            let known = Known::Site(Rc::new(from_cache(&cache_key(call, key)).await?));
            remember(key, known.clone());
            known
        }
    };
    // A key that nobody had may have been made meanwhile.
    if matches!(known, Known::None(_)) && known.age() >= FRESH_TO_REFUSE {
        return None;
    }
    if known.age() >= FRESH {
        look_behind(call, config, key);
    }
    Some(known)
}

/// Asks the server behind the answer.
fn look_behind(call: &Call<'_>, config: &Config, key: &SiteKey) {
    let waits = LOOKS.with_borrow_mut(|looks| {
        if looks.len() >= MOST {
            looks.clear();
        }
        let before = looks.get(key.as_str()).is_some_and(|at| now().saturating_sub(*at) < ONE_LOOK);
        if !before {
            looks.insert(key.to_string(), now());
        }
        before
    });
    if waits {
        return;
    }
    let (config, key, cache_key) = (config.clone(), key.clone(), cache_key(call, key));
    let asker = Asker { origin: None, request_id: call.asker.request_id.clone() };
    call.context.wait_until(async move {
        // Where the server cannot be reached, what was known goes on counting.
        let _ = look(&config, &key, &asker, cache_key).await;
    });
}

/// Asks the server, and keeps what it says.
async fn look(config: &Config, key: &SiteKey, asker: &Asker, cache_key: String) -> Result<Known, Problem> {
    let mut headers = vec![
        ("X-Request-Id".to_owned(), asker.request_id.clone()),
        (SITE_HEADER.to_owned(), "ask".to_owned()),
    ];
    headers.extend(asker.origin.clone().map(|origin| ("Origin".to_owned(), origin)));
    let question = Onward::get(["/api/widget?siteKey=", key.as_str()].concat(), headers);
    let answer = question.send(config, PATIENCE).await.map_err(|_| unavailable())?;
    match answer.status_code() {
        200 => {}
        401 => {
            remember(key, Known::None(now()));
            return Ok(Known::None(now()));
        }
        403 => return Err(Problem::origin_not_allowed()),
        status => {
            worker::console_error!("the server answered {status} about a site");
            return Err(unavailable());
        }
    }
    let origins = answer.headers().get(SITE_HEADER).map_err(failed)?;
    let etag = answer.headers().get("ETag").map_err(failed)?.unwrap_or_default();
    let settings = rest(answer).await.map_err(|_| unavailable())?;
    let told = origins.is_some();
    let origins =
        origins.unwrap_or_default().split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let site = Rc::new(Site { origins, etag, settings, read_at: now() });
    // A server that knows no edge does not tell the origins: then each request is the server's to decide.
    if told {
        remember(key, Known::Site(Rc::clone(&site)));
        // A cache that does not take it costs time, nothing else.
        if let Err(error) = into_cache(&cache_key, &site).await {
            worker::console_error!("the cache failed: {error}");
        }
    }
    Ok(Known::Site(site))
}

fn remember(key: &SiteKey, known: Known) {
    SITES.with_borrow_mut(|sites| {
        if sites.len() >= MOST {
            sites.clear();
        }
        sites.insert(key.to_string(), known);
    });
}

/// An address of the edge's own that it does not serve.
fn cache_key(call: &Call<'_>, key: &SiteKey) -> String {
    [call.base.as_str(), "/sites/", key.as_str()].concat()
}

async fn from_cache(cache_key: &str) -> Option<Site> {
    let mut cached = Cache::default().get(cache_key, false).await.ok()??;
    let header = |name: &str| cached.headers().get(name).ok().flatten();
    let (origins, etag, read_at) = (header(SITE_HEADER)?, header("ETag")?, header(READ_AT)?.parse().ok()?);
    Some(Site {
        origins: origins.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        etag,
        settings: cached.bytes().await.ok()?,
        read_at,
    })
}

async fn into_cache(cache_key: &str, site: &Site) -> worker::Result<()> {
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    headers.set("Cache-Control", KEPT)?;
    headers.set("ETag", &site.etag)?;
    headers.set(SITE_HEADER, &site.origins.join(" "))?;
    headers.set(READ_AT, &site.read_at.to_string())?;
    let copy = Response::from_bytes(site.settings.clone())?.with_headers(headers);
    Cache::default().put(cache_key, copy).await
}

fn now() -> u64 {
    Date::now().as_millis()
}
