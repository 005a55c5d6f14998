//! Who asks: the four credentials as types that handlers ask for.
//!
//! [`VisitorSite`]: a site key in the query. [`VisitorMessage`]: a site key in the body, perhaps with the session's
//! token. [`SessionReader`]: a session's token. [`ApiTenant`]: a business's API key.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use porchlight_protocol::capture::{Capture, MAX_BODY_BYTES, MAX_EDGE_BYTES};
use porchlight_protocol::ids::{ApiKey, SessionId, SessionToken, SiteKey};
use porchlight_protocol::origins::{SITE_HEADER, is_allowed};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::signature::{self, SignedRequest};

use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::leads::By;
use crate::origins::OriginRefused;
use crate::params::Params;
use crate::store::{KeyHolder, Site, Tenant};
use crate::{body, clock};

/// A business that has shown a good API key.
pub struct ApiTenant {
    /// The business.
    pub tenant: Tenant,
    /// The key's id: who did it, in the history of a lead.
    pub key_id: String,
}

impl ApiTenant {
    /// As the history names the caller.
    pub fn by(&self) -> By {
        By::new(&self.key_id, clock::now())
    }
}

impl FromRequestParts<App> for ApiTenant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let key: ApiKey = bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let holder = app.store.key_holder(&app.secret.hash_key(&key)).await?;
        let KeyHolder { tenant, key_id } = holder.ok_or_else(Problem::unauthenticated)?;
        // Also where a route has no parameters: nobody may think that it counts.
        Params::of(&parts.uri).finish_leniently()?;
        app.key_uses.note(&app.store, &key_id);
        Ok(Self { tenant, key_id })
    }
}

/// The site that a visitor's page names in the query, asked from an allowed origin or by the edge.
pub struct VisitorSite {
    /// The site.
    pub site: Arc<Site>,
    /// Whether the edge asks for itself: it is told the allowed origins, and holds pages to them.
    pub for_edge: bool,
}

impl FromRequestParts<App> for VisitorSite {
    type Rejection = VisitorRefused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, VisitorRefused> {
        let signed = check_signature(app, parts, &[])?;
        let for_edge = matches!(signed, Signed::ByEdge) && parts.headers.contains_key(SITE_HEADER);
        let mut params = Params::of(&parts.uri);
        let key = required(&mut params, "siteKey");
        params.finish_leniently()?;
        let key: SiteKey = key.ok_or_else(Problem::unauthenticated)?;
        let site = app.sites.by_key(&key).await?;
        let site = match for_edge {
            true => site.ok_or_else(Problem::unauthenticated)?,
            false => from_allowed_origin(site, &parts.headers)?,
        };
        Ok(Self { site, for_edge })
    }
}

/// Whoever holds a session's token: may read its messages.
pub struct SessionReader {
    /// Whose site it is.
    pub site: Arc<Site>,
    /// The session.
    pub session: SessionId,
}

impl FromRequestParts<App> for SessionReader {
    type Rejection = VisitorRefused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, VisitorRefused> {
        check_signature(app, parts, &[])?;
        let token: SessionToken = bearer(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let mut params = Params::of(&parts.uri);
        let session = required(&mut params, "sessionId");
        params.finish_leniently()?;
        let session: SessionId = session.ok_or_else(Problem::unauthenticated)?;
        let tenant =
            Tenant::of_session(&app.secret, &token, &session).ok_or_else(Problem::unauthenticated)?;
        let site = app.store.site_of(&tenant).await?.map(Arc::new);
        Ok(Self { site: from_allowed_origin(site, &parts.headers)?, session })
    }
}

/// A visitor's message to a known site, from an allowed origin.
pub struct VisitorMessage {
    /// The site that it was written on.
    pub site: Arc<Site>,
    /// The message.
    pub capture: Capture,
    /// Whether its session's token came with it; a wrong one counts as none.
    pub authorised: bool,
}

impl FromRequest<App> for VisitorMessage {
    type Rejection = VisitorRefused;

    async fn from_request(request: Request, app: &App) -> Result<Self, VisitorRefused> {
        let (parts, body) = request.into_parts();
        Params::of(&parts.uri).finish_leniently()?;
        let room = if app.edge_secret.is_some() { MAX_EDGE_BYTES } else { 0 };
        let body = body::read(Request::from_parts(parts.clone(), body), MAX_BODY_BYTES + room).await?;
        let capture = match check_signature(app, &parts, &body)? {
            Signed::ByEdge => Capture::parse_from_edge(&body)?,
            Signed::Unasked => Capture::parse(&body)?,
        };
        let site = app.sites.by_key(&capture.site_key).await?;
        let site = from_allowed_origin(site, &parts.headers)?;
        let token: Option<SessionToken> = bearer(&parts.headers);
        let admin = site.tenant.admin_id();
        let authorised =
            token.is_some_and(|token| app.secret.is_token_of(&token, admin, &capture.session_id));
        Ok(Self { site, capture, authorised })
    }
}

/// A refused visitor's request; knows whether the page may read the refusal.
pub enum VisitorRefused {
    /// The page is not one of the site's.
    Origin,
    /// Anything else.
    Other(ApiError),
}

impl<E: Into<ApiError>> From<E> for VisitorRefused {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl IntoResponse for VisitorRefused {
    fn into_response(self) -> Response {
        match self {
            Self::Other(error) => error.into_response(),
            Self::Origin => {
                let mut response = ApiError::from(Problem::origin_not_allowed()).into_response();
                response.extensions_mut().insert(OriginRefused);
                response
            }
        }
    }
}

fn bearer<T: std::str::FromStr>(headers: &HeaderMap) -> Option<T> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim().parse().ok()).flatten()
}

fn required<T: std::str::FromStr<Err: ToString>>(params: &mut Params, name: &'static str) -> Option<T> {
    match params.one(name) {
        Some(text) => text.parse().map_err(|error: T::Err| params.refuse(name, error.to_string())).ok(),
        None => {
            params.refuse(name, "is required");
            None
        }
    }
}

/// Whether a request was signed by the edge.
enum Signed {
    /// It was, and what it adds can be believed.
    ByEdge,
    /// There is no edge; whoever asks is the visitor.
    Unasked,
}

/// With a secret set, a request that is not the edge's is refused.
fn check_signature(app: &App, parts: &Parts, body: &[u8]) -> ApiResult<Signed> {
    let Some(secret) = &app.edge_secret else { return Ok(Signed::Unasked) };
    let header =
        parts.headers.get(signature::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = parts.uri.path_and_query().map_or(parts.uri.path(), |target| target.as_str());
    let request = SignedRequest { method: parts.method.as_str(), target, body };
    let now = clock::now().millis().div_euclid(1_000);
    signature::verify(secret.as_bytes(), now, header, request).map_err(|error| {
        tracing::warn!(%error, "a request was not signed by the edge");
        Problem::unsigned()
    })?;
    Ok(Signed::ByEdge)
}

fn from_allowed_origin(site: Option<Arc<Site>>, headers: &HeaderMap) -> Result<Arc<Site>, VisitorRefused> {
    let site = site.ok_or_else(Problem::unauthenticated)?;
    // An origin that is no text is none that a list could hold.
    let origin = headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or_default());
    match is_allowed(&site.allowed_origins, origin) {
        true => Ok(site),
        false => Err(VisitorRefused::Origin),
    }
}
