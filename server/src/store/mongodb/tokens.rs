//! What language models have cost: tokens of a business on its newest day, and of a session in all; one document each,
//! and each step one atomic write.

use mongodb::bson::{Bson, Document, doc};

use super::commands::{self, persist};
use super::{MongoStore, Result};
use crate::clock;
use crate::store::{Reservation, Reserved, TokenBudget};

/// Names the document of the whole business.
const BUSINESS: &str = "";

/// The collection; its documents go some weeks after they were last written.
pub(super) const COLLECTION: &str = "model_tokens";

pub(super) async fn reserve(
    store: &MongoStore,
    wanted: &Reservation,
    budget: TokenBudget,
) -> Result<Reserved> {
    if !take(store, wanted, BUSINESS, budget.business_day).await? {
        return Ok(Reserved::BusinessSpent);
    }
    if !take(store, wanted, wanted.session.as_str(), budget.session).await? {
        let back = doc! { "q": own(wanted, BUSINESS), "u": [adding(-whole(wanted.tokens))] };
        persist(|| commands::update(&store.database, COLLECTION, std::slice::from_ref(&back))).await?;
        return Ok(Reserved::SessionSpent);
    }
    Ok(Reserved::Granted)
}

/// Adds the tokens where they fit, rather twice than not at all when it is not known whether it was done; those of a business begin anew with each day.
async fn take(store: &MongoStore, wanted: &Reservation, session: &str, most: u64) -> Result<bool> {
    let before = match session {
        BUSINESS => doc! { "$cond": [{ "$eq": ["$day", wanted.day] }, "$used", 0_i64] },
        _ => doc! { "$ifNull": ["$used", 0_i64] },
    };
    let sum = doc! { "$add": [before, whole(wanted.tokens)] };
    let mut fitting = own(wanted, session);
    if most > 0 {
        fitting.insert("$expr", doc! { "$lte": [sum.clone(), whole(most)] });
    }
    let taken = doc! { "$set": { "used": sum, "day": wanted.day, "at": now() } };
    let update = doc! { "q": fitting, "u": [taken] };
    let add = || persist(|| commands::update(&store.database, COLLECTION, std::slice::from_ref(&update)));
    if add().await?.n > 0 {
        return Ok(true);
    }
    if most > 0 && wanted.tokens > most {
        return Ok(false);
    }
    let mut first = own(wanted, session);
    first.extend(doc! { "used": whole(wanted.tokens), "day": wanted.day, "at": now() });
    let inserted = commands::insert(&store.database, COLLECTION, std::slice::from_ref(&first)).await?;
    // It is there, so they do not fit; or somebody has made it in between.
    Ok(inserted.duplicates == 0 || add().await?.n > 0)
}

pub(super) async fn settle(store: &MongoStore, reserved: &Reservation, used: u64) -> Result<()> {
    let more = whole(used) - whole(reserved.tokens);
    let mut of_day = own(reserved, BUSINESS);
    of_day.insert("day", reserved.day);
    let statements: Vec<Document> = [of_day, own(reserved, reserved.session.as_str())]
        .into_iter()
        .map(|query| doc! { "q": query, "u": [adding(more)] })
        .collect();
    // Not repeated: it could count twice.
    commands::update(&store.database, COLLECTION, &statements).await?;
    Ok(())
}

fn own(reservation: &Reservation, session: &str) -> Document {
    doc! { "adminId": reservation.tenant.admin_id().as_str(), "sessionId": session }
}

fn adding(tokens: i64) -> Document {
    doc! { "$set": { "used": { "$max": [0_i64, { "$add": ["$used", tokens] }] }, "at": now() } }
}

fn whole(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

fn now() -> Bson {
    super::documents::date(clock::now()).into()
}
