//! The indexes. They are made, and awaited, before the port opens: without the unique ones nothing here is exact.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::{Database, IndexModel};

use super::{Result, days, tokens};

pub(super) async fn make(database: &Database) -> Result<()> {
    let wanted: [(&str, Vec<IndexModel>); 12] = [
        ("admins", vec![unique(doc! { "email": 1 }), unique(doc! { "siteKey": 1 })]),
        ("api_keys", vec![unique(doc! { "hash": 1 }), plain(doc! { "adminId": 1, "createdAt": 1 })]),
        ("chats", chats()),
        ("leads", leads()),
        ("lead_days", lead_days()),
        (days::ROLLUPS, vec![unique(days::of_day())]),
        ("lead_events", vec![plain(doc! { "adminId": 1, "leadId": 1, "version": -1 })]),
        ("handovers", vec![unique(doc! { "adminId": 1, "sessionId": 1 })]),
        ("knowledge", vec![plain(doc! { "adminId": 1, "createdAt": 1 })]),
        // Made so that the first write to it can be part of a transaction.
        ("tombstones", vec![plain(doc! { "at": 1 })]),
        // Only their changes are of use: they tell those who listen what has gone.
        ("removals", vec![gone_after(3_600)]),
        (
            tokens::COLLECTION,
            vec![unique(doc! { "adminId": 1, "sessionId": 1 }), gone_after(30 * 24 * 3_600)],
        ),
    ];
    for (name, indexes) in wanted {
        database.collection::<Document>(name).create_indexes(indexes).await?;
    }
    Ok(())
}

fn chats() -> Vec<IndexModel> {
    vec![
        // Documents from elsewhere have no messageId and must not stand in each other's way.
        partial(
            doc! { "adminId": 1, "sessionId": 1, "messageId": 1 },
            doc! { "messageId": { "$type": "string" } },
            true,
        ),
        plain(of_session()),
        partial(doc! { "adminId": 1, "email": 1 }, doc! { "email": { "$exists": true } }, false),
        // The first of a message's own addresses makes the link between session and lead.
        partial(doc! { "adminId": 1, "addresses.0": 1 }, doc! { "addresses": { "$exists": true } }, false),
        // Whether a session has an address.
        partial(with_address(), doc! { "addresses": { "$exists": true } }, false),
        partial(doc! { "pending": 1 }, doc! { "pending": { "$exists": true } }, false),
    ]
}

/// The index that holds the messages of a session together. Statements of the capture path name their index, or go by
/// `_id` alone: without, the server tries several plans for each of them.
pub(super) fn of_session() -> Document {
    doc! { "adminId": 1, "sessionId": 1 }
}

/// The index of the messages that hold an address.
pub(super) fn with_address() -> Document {
    doc! { "adminId": 1, "sessionId": 1, "addresses": 1 }
}

/// The index of the leads by their address.
pub(super) fn by_email() -> Document {
    doc! { "adminId": 1, "email": 1 }
}

/// Of documents that go so many seconds after their `at`.
fn gone_after(seconds: u64) -> IndexModel {
    let options =
        mongodb::options::IndexOptions::builder().expire_after(Duration::from_secs(seconds)).build();
    IndexModel::builder().keys(doc! { "at": 1 }).options(options).build()
}

fn lead_days() -> Vec<IndexModel> {
    vec![unique(days::of_day()), partial(doc! { "stale": 1 }, doc! { "stale": true }, false)]
}

fn leads() -> Vec<IndexModel> {
    let sorted = ["createdAt", "updatedAt", "lastContact"];
    let mut indexes = vec![
        unique(by_email()),
        plain(doc! { "adminId": 1, "sessionIds": 1 }),
        plain(doc! { "adminId": 1, "status": 1, "createdAt": -1, "_id": -1 }),
    ];
    indexes.extend(sorted.map(|field| plain(doc! { "adminId": 1, field: -1, "_id": -1 })));
    indexes
}

fn plain(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

fn unique(keys: Document) -> IndexModel {
    let options = mongodb::options::IndexOptions::builder().unique(true).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn partial(keys: Document, filter: Document, unique: bool) -> IndexModel {
    let options =
        mongodb::options::IndexOptions::builder().unique(unique).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}
