//! `/api/knowledge`: what the assistant may answer with.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Document, DocumentHead, Format, MAX_DOCUMENTS, MAX_TOTAL_BYTES, NewDocument};
use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::JsonBody;
use crate::clock;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, BodyProblems, Problems};

/// A text to answer with.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct DocumentBody {
    /// What it is called, in answers too; else its first heading, or its first words.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// Where it can be read: absolute, http or https. Answers link there.
    #[schema(max_length = 2_048)]
    url: Option<String>,
    #[serde(default)]
    format: Format,
    /// At most 128 KiB.
    text: String,
}

/// A document without its text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentAnswer {
    /// `doc_…`, always the same for one address or, without one, title.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where it can be read.
    pub url: Option<String>,
    format: Format,
    /// The size of the text in UTF-8.
    pub bytes: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A document with its text, as it was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeDocument {
    #[serde(flatten)]
    document: DocumentAnswer,
    text: String,
}

/// All documents of a business.
#[derive(Debug, Serialize, ToSchema)]
pub struct Documents {
    /// Oldest first.
    documents: Vec<DocumentAnswer>,
}

/// A removed document.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedDocument {
    success: bool,
    message: &'static str,
}

impl From<DocumentHead> for DocumentAnswer {
    fn from(head: DocumentHead) -> Self {
        let DocumentHead { id, title, url, format, bytes, created_at, updated_at, .. } = head;
        Self { id, title, url, format, bytes, created_at, updated_at }
    }
}

/// Add a text to answer with
///
/// It takes the place of the one with the same `url` or, without one, the same title; the very same changes nothing.
/// A business has room for 500 documents of 4 MiB together. Headings part it into passages: an answer is one of them, so
/// put what belongs together under a heading of its own.
#[utoipa::path(
    post, path = "/api/knowledge", tag = "knowledge", request_body = DocumentBody, security(("apiKey" = [])),
    responses((status = 200, body = DocumentAnswer), AskProblems, Problems, BodyProblems)
)]
pub async fn post_document(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    JsonBody(body): JsonBody,
) -> ApiResult<Json<DocumentAnswer>> {
    let new = tokio::task::spawn_blocking(move || NewDocument::read(&body));
    let document = new.await.map_err(|_| Problem::internal())??.of(tenant.admin_id(), clock::now());
    let kept = app.store.keep_document(&tenant, &document).await?.ok_or_else(no_room)?;
    app.knowledge.forget(&tenant);
    Ok(Json(kept.into()))
}

/// The texts to answer with
#[utoipa::path(
    get, path = "/api/knowledge", tag = "knowledge", security(("apiKey" = [])),
    responses((status = 200, body = Documents), AskProblems, Problems)
)]
pub async fn list_documents(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
) -> ApiResult<Json<Documents>> {
    let heads = app.store.document_heads(&tenant).await?;
    Ok(Json(Documents { documents: heads.into_iter().map(DocumentAnswer::from).collect() }))
}

/// One of them, as it was given
#[utoipa::path(
    get, path = "/api/knowledge/{id}", tag = "knowledge", params(("id" = String, Path)),
    security(("apiKey" = [])), responses((status = 200, body = WholeDocument), AskProblems, Problems)
)]
pub async fn get_document(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    path: DocumentPath,
) -> ApiResult<Json<WholeDocument>> {
    let Document { head, text } =
        app.store.documents(&tenant, &[named(path)?]).await?.pop().ok_or_else(no_such_document)?;
    Ok(Json(WholeDocument { document: head.into(), text }))
}

/// Remove one of them
#[utoipa::path(
    delete, path = "/api/knowledge/{id}", tag = "knowledge", params(("id" = String, Path)),
    security(("apiKey" = [])), responses((status = 200, body = RemovedDocument), AskProblems, Problems)
)]
pub async fn delete_document(
    State(app): State<App>,
    ApiTenant { tenant, .. }: ApiTenant,
    path: DocumentPath,
) -> ApiResult<Json<RemovedDocument>> {
    let removed = app.store.remove_document(&tenant, &named(path)?).await?;
    app.knowledge.forget(&tenant);
    match removed {
        true => Ok(Json(RemovedDocument { success: true, message: "Document removed" })),
        false => Err(no_such_document().into()),
    }
}

/// The id of the path; bytes that are no text name no document.
type DocumentPath = Result<Path<String>, PathRejection>;

fn named(path: DocumentPath) -> Result<String, Problem> {
    path.map(|Path(id)| id).map_err(|_| no_such_document())
}

fn no_such_document() -> Problem {
    Problem::not_found("There is no such document.")
}

/// What is said where a document would be too much.
pub fn no_room() -> Problem {
    let message = format!(
        "would be more than {MAX_DOCUMENTS} documents or {MAX_TOTAL_BYTES} bytes together; remove one"
    );
    Problem::invalid_field("text", message)
}
