//! Lists of leads, from the indexes that hold them in their order.

use futures::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use porchlight_protocol::time::Timestamp;

use super::documents::{self, date, unreadable, whole};
use super::{MongoStore, Result};
use crate::leads::{LeadPage, LeadQuery, LeadRecord, Place, PlainFilter, SortField, SortKey, Start};

/// Most entries that the server hands over at once.
const BATCH: u32 = 20_000;

pub(super) async fn count(store: &MongoStore, admin: &str, filter: &PlainFilter) -> Result<u64> {
    store.leads.count_documents(conditions(admin, filter)).await
}

pub(super) async fn page(
    store: &MongoStore,
    admin: &str,
    query: &LeadQuery<PlainFilter>,
) -> Result<LeadPage> {
    let mut wanted = vec![conditions(admin, &query.filter)];
    let field = field(query.sort.field);
    let (order, beyond, from) = if query.sort.descending { (-1, "$lt", "$lte") } else { (1, "$gt", "$gte") };
    let size = query.page_size as usize;
    let skip = match &query.start {
        Start::Page(number) => number.saturating_sub(1).saturating_mul(size as u64),
        Start::Behind(place) => {
            let (key, id) = (sort_key(query.sort.field, place), documents::object_id(&place.id)?);
            // The first says where in the index to begin, the second is for ties.
            wanted.push(doc! { field: { from: key.clone() } });
            wanted.push(doc! { "$or": [{ field: { beyond: key } }, { "_id": { beyond: id } }] });
            0
        }
    };
    let mut sort = doc! { field: order };
    if query.sort.field != SortField::Email {
        sort.insert("_id", order);
    }
    // One more than asked for tells whether there is another page.
    let limit = i64::from(query.page_size) + 1;
    let found = store.leads.find(doc! { "$and": wanted }).sort(sort).hint(Hint::Keys(in_order(query)));
    let found = found.skip(skip.min(i64::MAX as u64)).limit(limit).batch_size(BATCH);
    let found: Vec<Document> = found.await?.try_collect().await?;
    let leads = found.iter().take(size).map(documents::lead).collect::<Result<_>>()?;
    Ok(LeadPage { leads, more: found.len() > size })
}

pub(super) async fn by_ids(store: &MongoStore, admin: &str, ids: &[ObjectId]) -> Result<Vec<LeadRecord>> {
    let own = doc! { "_id": { "$in": ids }, "adminId": admin };
    let found: Vec<Document> = store.leads.find(own).batch_size(BATCH).await?.try_collect().await?;
    found.iter().map(documents::lead).collect()
}

pub(super) async fn versions(
    store: &MongoStore,
    admin: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(ObjectId, i64)>> {
    let own = doc! { "adminId": admin, "createdAt": { "$gte": date(from), "$lt": date(to) } };
    let found = store.leads.find(own).projection(doc! { "_id": 1, "version": 1 }).batch_size(BATCH).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let version = |lead: &Document| {
        let version = whole(lead.get("version")).ok_or_else(|| unreadable("version"))?;
        Ok((lead.get_object_id("_id").map_err(|_| unreadable("_id"))?, version))
    };
    found.iter().map(version).collect()
}

/// The index that holds a list in its order, or, where none does, one that holds the business's leads together.
fn in_order(query: &LeadQuery<PlainFilter>) -> Document {
    let by_status = !query.filter.statuses.is_empty();
    match query.sort.field {
        SortField::Email => doc! { "adminId": 1, "email": 1 },
        SortField::CreatedAt if by_status => doc! { "adminId": 1, "status": 1, "createdAt": -1, "_id": -1 },
        SortField::Value | SortField::ConversationCount => doc! { "adminId": 1, "createdAt": -1, "_id": -1 },
        sort => doc! { "adminId": 1, field(sort): -1, "_id": -1 },
    }
}

fn field(field: SortField) -> &'static str {
    match field {
        SortField::CreatedAt => "createdAt",
        SortField::UpdatedAt => "updatedAt",
        SortField::LastContact => "lastContact",
        SortField::Value => "valueCents",
        SortField::ConversationCount => "conversationCount",
        SortField::Email => "email",
    }
}

fn sort_key(field: SortField, place: &Place) -> Bson {
    match (&place.key, field) {
        (SortKey::Text(text), _) => text.into(),
        (SortKey::Number(number), SortField::Value | SortField::ConversationCount) => (*number).into(),
        (SortKey::Number(number), _) => date(Timestamp::from_millis(*number)).into(),
    }
}

/// What all must hold, built from fixed names and typed values only.
fn conditions(admin: &str, filter: &PlainFilter) -> Document {
    let mut all = doc! { "adminId": admin };
    if !filter.statuses.is_empty() {
        let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        all.insert("status", doc! { "$in": statuses });
    }
    let bounds = [("$gte", filter.from), ("$lt", filter.to)];
    let span: Document =
        bounds.into_iter().filter_map(|(name, at)| Some((name.to_owned(), date(at?).into()))).collect();
    if !span.is_empty() {
        all.insert("createdAt", span);
    }
    all
}
