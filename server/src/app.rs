//! The routes, and what their handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, options};
use axum::{Json, Router, middleware};
use porchlight_protocol::problem::Problem;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::analytics::Analytics;
use crate::assistant::Assistant;
use crate::capture::{Batcher, Drain, Limits};
use crate::config::ServeConfig;
use crate::error::ApiResult;
use crate::key_uses::KeyUses;
use crate::keys::Secret;
use crate::knowledge::Knowledge;
use crate::leads::Finder;
use crate::live::Live;
use crate::middleware::observe;
use crate::openapi::{self, Document};
use crate::sites::Sites;
use crate::store::Store;
use crate::{assets, chats, knowledge, leads, legacy, live, metrics, origins, site, visitors};

/// How long the store may take to say that it is there.
const READY_PATIENCE: Duration = Duration::from_secs(2);

/// What handlers share; cheap to clone, which each layer does for each request.
#[derive(Clone)]
pub struct App(Arc<Shared>);

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Each of the parts once a process.
pub struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) secret: Secret,
    pub(crate) batcher: Batcher,
    pub(crate) limits: Arc<Limits>,
    pub(crate) sites: Arc<Sites>,
    pub(crate) analytics: Arc<Analytics>,
    pub(crate) finder: Arc<Finder>,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) key_uses: Arc<KeyUses>,
    pub(crate) edge_secret: Option<Arc<str>>,
    pub(crate) live: Arc<Live>,
    pub(crate) assistant: Arc<Assistant>,
}

impl App {
    /// Starts the task that commits captures; [`Drain`] ends it. Needs a tokio runtime.
    pub fn start(store: Arc<dyn Store>, secret: Secret, config: &ServeConfig) -> (Self, Drain) {
        let (batcher, drain) = Batcher::start(Arc::clone(&store), config.queue);
        let analytics = Arc::new(Analytics::new(Arc::clone(&store)));
        let finder = Finder::new(Arc::clone(&store), Arc::clone(&analytics), config.search_bytes());
        let shared = Shared {
            limits: Arc::new(Limits::new(config)),
            sites: Arc::new(Sites::new(Arc::clone(&store))),
            analytics,
            finder: Arc::new(finder),
            key_uses: Arc::default(),
            knowledge: Arc::new(Knowledge::new(Arc::clone(&store))),
            live: Arc::new(Live::new(Arc::clone(&store), config)),
            assistant: Arc::new(Assistant::new(Arc::clone(&store), batcher.clone(), &config.llm)),
            edge_secret: config.edge_secret.as_deref().map(Arc::from),
            store,
            secret,
            batcher,
        };
        (Self(Arc::new(shared)), drain)
    }

    /// What finds leads, for the task that keeps it and the figures fresh.
    pub fn finder(&self) -> Arc<Finder> {
        Arc::clone(&self.finder)
    }

    /// The event-streams, for the end of the server.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }

    /// Whoever has visitors answered, for the end of the server.
    pub fn assistant(&self) -> Arc<Assistant> {
        Arc::clone(&self.assistant)
    }

    /// The limits, for the task that tidies them.
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits)
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let (routes, document) = documented().split_for_parts();
    routes
        .merge(openapi::routes(&document))
        .route("/widget.js", get(assets::get))
        .route("/porchlight.d.ts", get(assets::get))
        .route("/assets/{*path}", get(assets::get))
        .layer(middleware::from_fn(observe))
        .with_state(app)
}

/// The routes that the document describes; it is made of the very handlers.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(visitors_routes())
        .merge(business_routes())
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics::show))
}

fn visitors_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(visitors::get_chat, visitors::post_chat, visitors::delete_chat))
        .routes(routes!(visitors::get_widget))
        .routes(routes!(live::http::get_chat_events))
        .route("/api/chat", options(origins::preflight))
        .route("/api/chat/events", options(origins::preflight))
        .route("/api/widget", options(origins::preflight))
        .layer(middleware::from_fn(origins::share))
}

fn business_routes() -> OpenApiRouter<App> {
    use knowledge::http as knowledge;
    use leads::{export, http, import};
    OpenApiRouter::new()
        .routes(routes!(http::list_leads, http::put_leads, http::delete_leads))
        .routes(routes!(export::export_leads))
        .routes(routes!(import::import_leads))
        .routes(routes!(http::get_lead, http::put_lead, http::delete_lead))
        .routes(routes!(http::list_events))
        .routes(routes!(chats::list_chats))
        .routes(routes!(site::get_site, site::put_site))
        .routes(routes!(knowledge::list_documents, knowledge::post_document))
        .routes(routes!(knowledge::get_document, knowledge::delete_document))
        .routes(routes!(live::agent::post_message))
        .routes(routes!(live::agent::post_handover))
        .routes(routes!(live::http::get_events))
        .routes(routes!(legacy::list_legacy_leads, legacy::delete_legacy_lead))
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// The process runs
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = Health)))]
async fn alive() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// The store answers
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = Health),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "It does not.")
    )
)]
async fn ready(State(app): State<App>) -> ApiResult<Json<Health>> {
    match tokio::time::timeout(READY_PATIENCE, app.store.ping()).await {
        Ok(answer) => answer?,
        Err(_) => return Err(Problem::unavailable(1).into()),
    }
    Ok(Json(Health { status: "ready" }))
}
