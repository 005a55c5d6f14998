//! `/api/site`: what a business sets of its site.

use axum::Json;
use axum::extract::State;
use porchlight_protocol::fields::Fields;
use porchlight_protocol::ids::SiteKey;
use porchlight_protocol::problem::Problem;
use porchlight_protocol::site::change_origins;
use porchlight_protocol::widget::WidgetSettings;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, BodyProblems, Problems};
use crate::store::{Site, Store, StoreError, Tenant};

/// How often a change is made anew because somebody else made one in between.
const MOST_TRIES: u32 = 20;

/// A business's site.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SiteAnswer {
    /// For the script tag.
    pub site_key: SiteKey,
    /// Origins that may use the site key, such as `https://acme.com` or `https://*.acme.com`; empty allows all.
    pub allowed_origins: Vec<String>,
    /// What the widget looks like and says.
    #[serde(flatten)]
    pub widget: WidgetSettings,
}

/// What to set. Fields that are missing are left alone.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({ "color": "#2f5d50", "greeting": "How can we help?" }))]
#[expect(dead_code, reason = "read by the document alone")]
pub struct SiteChange {
    /// In place of all: at most 50 of at most 200 characters, kept as browsers send them.
    #[schema(nullable = false, max_items = 50)]
    allowed_origins: Option<Vec<String>>,
    #[serde(flatten)]
    widget: WidgetSettings,
}

impl From<Site> for SiteAnswer {
    fn from(site: Site) -> Self {
        Self { site_key: site.key, allowed_origins: site.allowed_origins, widget: site.widget }
    }
}

/// The site with its settings
#[utoipa::path(
    get, path = "/api/site", tag = "site", security(("apiKey" = [])),
    responses((status = 200, body = SiteAnswer), AskProblems, Problems)
)]
pub async fn get_site(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
) -> ApiResult<Json<SiteAnswer>> {
    let site = app.store.site_of(&tenant).await?.ok_or_else(Problem::unauthenticated)?;
    Ok(Json(site.into()))
}

/// Set some of it
///
/// Fields that are missing are left alone, `null` clears what can be null; what `GET` gives can be put back. Pages see
/// a change within seconds, and within a minute where they have read the settings before.
#[utoipa::path(
    put, path = "/api/site", tag = "site", request_body = SiteChange, security(("apiKey" = [])),
    responses((status = 200, body = SiteAnswer), AskProblems, Problems, BodyProblems)
)]
pub async fn put_site(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<SiteAnswer>> {
    let changed = change(&*app.store, &tenant, |site| changed(site, &body)).await??;
    let site = changed.ok_or_else(Problem::unauthenticated)?;
    app.sites.learn(&site);
    Ok(Json(site.into()))
}

/// The site as a body wants it.
pub fn changed(site: &Site, body: &[u8]) -> Result<Site, Problem> {
    let mut site = site.clone();
    let mut fields = Fields::parse(body)?;
    fields.refuse_tenant();
    if fields.text("siteKey").is_some_and(|key| key != site.key.as_str()) {
        fields.refuse("siteKey", "is the site's own and cannot be changed");
    }
    site.widget.change(&mut fields);
    if let Some(hours) = &site.widget.hours
        && hours.time_zone.parse::<chrono_tz::Tz>().is_err()
    {
        fields.refuse("hours.timeZone", "must be the IANA name of a time zone, like Europe/London");
    }
    change_origins(&mut site.allowed_origins, &mut fields);
    let unknown: Vec<String> = fields.rest().filter(|name| !fields.failed(name)).map(str::to_owned).collect();
    for name in unknown {
        fields.refuse(&name, "is not a setting of a site");
    }
    fields.finish()?;
    Ok(site)
}

/// Changes a site over the state that was read; `None` when there is no such business.
pub async fn change<E>(
    store: &dyn Store,
    tenant: &Tenant,
    change: impl Fn(&Site) -> Result<Site, E>,
) -> Result<Result<Option<Site>, E>, StoreError> {
    for _ in 0..MOST_TRIES {
        let Some(read) = store.site_of(tenant).await? else { return Ok(Ok(None)) };
        let wanted = match change(&read) {
            Ok(wanted) => wanted,
            Err(error) => return Ok(Err(error)),
        };
        if store.replace_site(&read, &wanted).await? {
            return Ok(Ok(Some(wanted)));
        }
    }
    Err(StoreError::Unavailable("others kept changing the site".to_owned()))
}
