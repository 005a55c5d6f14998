//! The routes, and what their handlers share.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, options};
use axum::{Json, Router, middleware};
use porchlight_protocol::problem::Problem;
use serde_json::{Value, json};

use crate::analytics::Analytics;
use crate::capture::{Batcher, Drain, Limits};
use crate::config::ServeConfig;
use crate::error::ApiResult;
use crate::key_uses::KeyUses;
use crate::keys::Secret;
use crate::middleware::observe;
use crate::sites::Sites;
use crate::store::Store;
use crate::{assets, chats, leads, legacy, origins, visitors};

/// How long the store may take to say that it is there.
const READY_PATIENCE: Duration = Duration::from_secs(2);

/// What handlers share; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) secret: Secret,
    pub(crate) batcher: Batcher,
    pub(crate) limits: Arc<Limits>,
    pub(crate) sites: Arc<Sites>,
    pub(crate) analytics: Arc<Analytics>,
    pub(crate) key_uses: Arc<KeyUses>,
    pub(crate) edge_secret: Option<Arc<str>>,
}

impl App {
    /// Starts the task that commits captures; [`Drain`] ends it. Needs a tokio runtime.
    pub fn start(store: Arc<dyn Store>, secret: Secret, config: &ServeConfig) -> (Self, Drain) {
        let (batcher, drain) = Batcher::start(Arc::clone(&store), config.queue);
        let app = Self {
            limits: Arc::new(Limits::new(config)),
            sites: Arc::new(Sites::new(Arc::clone(&store))),
            analytics: Arc::new(Analytics::new(Arc::clone(&store))),
            key_uses: Arc::default(),
            edge_secret: config.edge_secret.as_deref().map(Arc::from),
            store,
            secret,
            batcher,
        };
        (app, drain)
    }

    /// The figures, for the task that keeps them fresh.
    pub fn analytics(&self) -> Arc<Analytics> {
        Arc::clone(&self.analytics)
    }

    /// The limits, for the task that tidies them.
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits)
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(visitors_routes())
        .merge(business_routes())
        .route("/widget.js", get(assets::get))
        .route("/assets/{*path}", get(assets::get))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .layer(middleware::from_fn(observe))
        .with_state(app)
}

fn visitors_routes() -> Router<App> {
    let chat = get(visitors::get_chat).post(visitors::post_chat);
    Router::new()
        .route("/api/chat", chat.merge(options(origins::preflight)))
        .route("/api/widget", get(visitors::get_widget).merge(options(origins::preflight)))
        .layer(middleware::from_fn(origins::share))
}

fn business_routes() -> Router<App> {
    use leads::http;
    Router::new()
        .route("/api/leads-enhanced", get(http::list).put(http::put).delete(http::delete))
        .route("/api/leads-enhanced/{id}", get(http::get).put(http::put).delete(http::delete))
        .route("/api/leads-enhanced/{id}/events", get(http::events))
        .route("/api/chats", get(chats::get))
        .route("/api/leads", get(legacy::list).delete(legacy::delete))
}

async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

async fn ready(State(app): State<App>) -> ApiResult<Json<Value>> {
    match tokio::time::timeout(READY_PATIENCE, app.store.ping()).await {
        Ok(answer) => answer?,
        Err(_) => return Err(Problem::unavailable(1).into()),
    }
    Ok(Json(json!({ "status": "ready" })))
}
