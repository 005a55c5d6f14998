//! What businesses want their visitors to know: one document each, in `knowledge`.

use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document as Bson, doc};

use super::commands::{self, persist};
use super::documents::{date, moment, unreadable, whole};
use super::{MongoStore, Result};
use crate::knowledge::{Document, DocumentHead, Format, has_room};

fn knowledge(store: &MongoStore) -> Collection<Bson> {
    store.database.collection("knowledge")
}

/// Keeps a document in place of the one of its name; `None` when there is no room. Several that come at once can get a
/// little more room than there is.
pub(super) async fn keep(
    store: &MongoStore,
    admin: &str,
    document: &Document,
) -> Result<Option<DocumentHead>> {
    let head = &document.head;
    let others = heads(store, admin).await?.into_iter().filter(|other| other.id != head.id);
    let (count, bytes) = others.fold((0, 0), |(count, bytes), other| (count + 1, bytes + other.bytes));
    if !has_room(count, bytes, head.bytes) {
        return Ok(None);
    }
    let set = doc! {
        "title": &head.title,
        "url": &head.url,
        "format": head.format.as_str(),
        "bytes": head.bytes as i64,
        "digest": &head.digest,
        "updatedAt": date(head.updated_at),
        "text": &document.text,
    };
    // Where the very same is kept already, the index of ids refuses it a second time.
    let statement = doc! {
        "q": { "_id": &head.id, "adminId": admin, "digest": { "$ne": &head.digest } },
        "u": { "$set": set, "$setOnInsert": { "createdAt": date(head.created_at) } },
        "upsert": true,
    };
    persist(|| commands::update(&store.database, "knowledge", std::slice::from_ref(&statement))).await?;
    let kept = knowledge(store).find_one(doc! { "_id": &head.id, "adminId": admin }).await?;
    kept.as_ref().map(read_head).transpose()
}

/// Oldest first.
pub(super) async fn heads(store: &MongoStore, admin: &str) -> Result<Vec<DocumentHead>> {
    let (fields, order) = (doc! { "text": 0 }, doc! { "createdAt": 1, "_id": 1 });
    let found = knowledge(store).find(doc! { "adminId": admin }).projection(fields).sort(order).await?;
    let found: Vec<Bson> = found.try_collect().await?;
    found.iter().map(read_head).collect()
}

/// Those of the documents that there are.
pub(super) async fn documents(store: &MongoStore, admin: &str, ids: &[String]) -> Result<Vec<Document>> {
    let found = knowledge(store).find(doc! { "_id": { "$in": ids }, "adminId": admin }).await?;
    let found: Vec<Bson> = found.try_collect().await?;
    let document = |found: &Bson| {
        let text = found.get_str("text").map_err(|_| unreadable("text"))?.to_owned();
        Ok(Document { head: read_head(found)?, text })
    };
    found.iter().map(document).collect()
}

/// `false` when there is no such document.
pub(super) async fn remove(store: &MongoStore, admin: &str, id: &str) -> Result<bool> {
    let done = knowledge(store).delete_one(doc! { "_id": id, "adminId": admin }).await?;
    Ok(done.deleted_count > 0)
}

fn read_head(document: &Bson) -> Result<DocumentHead> {
    let text = |name: &'static str| document.get_str(name).map(str::to_owned).map_err(|_| unreadable(name));
    let time = |name: &'static str| moment(document.get(name)).ok_or_else(|| unreadable(name));
    Ok(DocumentHead {
        id: text("_id")?,
        title: text("title")?,
        url: document.get_str("url").ok().map(str::to_owned),
        format: Format::from_word(&text("format")?).ok_or_else(|| unreadable("format"))?,
        bytes: whole(document.get("bytes")).unwrap_or_default().unsigned_abs(),
        digest: text("digest")?,
        created_at: time("createdAt")?,
        updated_at: time("updatedAt")?,
    })
}
