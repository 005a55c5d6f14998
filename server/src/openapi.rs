//! The document of all routes (OpenAPI 3.1): made from the handlers, shown at `/docs`.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use porchlight_protocol::problem::Problem;
use sha2::{Digest, Sha256};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

use crate::app::App;
use crate::live::{LeadTold, MessageTold, ModeTold, SessionTold};

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Porchlight",
        description = "Captures what visitors write, keeps one lead a person, and serves both to the business. Every \
                       error is a `Problem`; every answer carries `X-Request-Id`."
    ),
    tags(
        (name = "visitors", description = "What the widget asks, with a public site key and a session's token."),
        (name = "leads", description = "What a business asks, with its API key."),
        (name = "site", description = "What a business sets of its site: origins, look, words, hours."),
        (name = "knowledge", description = "What the assistant may answer with: the business's own words."),
        (name = "legacy", description = "The old view: chats grouped by address."),
        (name = "operations", description = "For those who run the server.")
    ),
    components(schemas(MessageTold, LeadTold, SessionTold, ModeTold)),
    modifiers(&Credentials)
)]
pub struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            SecurityScheme::Http(scheme)
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("apiKey", bearer("A business's secret key, `sk_…`."));
        components.add_security_scheme(
            "sessionToken",
            bearer("A session's token, `st_…`, as its first message got it."),
        );
    }
}

/// One event of an event-stream, by the fields of its lines (HTML standard, "server-sent events").
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct StreamEvent {
    /// Its place, for `Last-Event-ID`.
    id: Option<String>,
    /// Which of the events it is.
    event: Option<String>,
    /// JSON.
    data: Option<String>,
}

/// How any request can fail.
#[derive(IntoResponses)]
pub enum Problems {
    /// A parameter or field is wrong; `errors` names each.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// Something failed that should not.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Overloaded, or the store cannot be reached; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json", headers(("Retry-After" = u32)))]
    Unavailable(Problem),
}

/// How a question of a business can fail beside that.
#[derive(IntoResponses)]
pub enum AskProblems {
    /// No API key, or a bad one.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// There is no such thing of this business.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// How a business's event-stream can fail beside that.
#[derive(IntoResponses)]
pub enum StreamProblems {
    /// No API key, or a bad one.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The business has too many streams.
    #[response(status = 429, content_type = "application/problem+json", headers(("Retry-After" = u32)))]
    TooMany(Problem),
}

/// How a request with a body can fail beside that.
#[derive(IntoResponses)]
pub enum BodyProblems {
    /// The body is no JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    Timeout(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is of another type, or compressed.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedType(Problem),
}

/// How a visitor's request can fail beside that.
#[derive(IntoResponses)]
pub enum VisitorProblems {
    /// No such site or session, or a bad token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The page is none of the site's.
    #[response(status = 403, content_type = "application/problem+json")]
    OriginNotAllowed(Problem),
}

/// The routes that show a finished document.
pub fn routes(document: &utoipa::openapi::OpenApi) -> Router<App> {
    let json: Arc<str> = document.to_json().unwrap_or_default().into();
    let shown = move || {
        let json = Arc::clone(&json);
        async move { ([(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response() }
    };
    Router::new().route("/openapi.json", get(shown)).route("/docs", get(page))
}

/// The page that shows the document.
const PAGE: &str = include_str!("openapi.html");

/// Lets the page's own script and styles work, by their hashes, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let own = |tag: &str| {
        let behind = PAGE.split_once(&format!("<{tag}>")).map_or("", |(_, behind)| behind);
        let text = behind.split_once(&format!("</{tag}>")).map_or("", |(text, _)| text);
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        own("script"),
        own("style")
    )
});

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY.as_str())], Html(PAGE)).into_response()
}
