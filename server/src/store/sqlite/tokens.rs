//! What language models have cost: tokens of a business on its newest day, and of a session in all.

use rusqlite::{Connection, Error, OptionalExtension, Transaction, params};

use crate::store::{Reservation, Reserved, TokenBudget};

type Result<T> = std::result::Result<T, Error>;

/// Days after which the tokens of a session that is no longer spoken in are forgotten.
const FORGOTTEN: i64 = 30;

/// Whose row stands for the whole business.
const BUSINESS: &str = "";

pub(super) fn reserve(t: &Transaction<'_>, wanted: &Reservation, budget: TokenBudget) -> Result<Reserved> {
    let admin = wanted.tenant.admin_id().as_str();
    let fits =
        |spent: i64, most: u64| most == 0 || spent.unsigned_abs().saturating_add(wanted.tokens) <= most;
    let (day, of_day) = spent(t, admin, BUSINESS)?.unwrap_or((wanted.day, 0));
    if !fits(if day == wanted.day { of_day } else { 0 }, budget.business_day) {
        return Ok(Reserved::BusinessSpent);
    }
    let session = wanted.session.as_str();
    if !fits(spent(t, admin, session)?.map_or(0, |(_, spent)| spent), budget.session) {
        return Ok(Reserved::SessionSpent);
    }
    if day != wanted.day {
        t.prepare_cached("UPDATE model_tokens SET used = 0 WHERE admin_id = ? AND session_id = ''")?
            .execute([admin])?;
        t.prepare_cached("DELETE FROM model_tokens WHERE admin_id = ? AND session_id <> '' AND day < ?")?
            .execute(params![admin, wanted.day - FORGOTTEN])?;
    }
    for session in [BUSINESS, session] {
        t.prepare_cached(
            "INSERT INTO model_tokens (admin_id, session_id, day, used) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET used = used + excluded.used, day = excluded.day",
        )?
        .execute(params![
            admin,
            session,
            wanted.day,
            i64::try_from(wanted.tokens).unwrap_or(i64::MAX)
        ])?;
    }
    Ok(Reserved::Granted)
}

pub(super) fn settle(t: &Transaction<'_>, reserved: &Reservation, used: u64) -> Result<()> {
    let more = i64::try_from(used).unwrap_or(i64::MAX) - i64::try_from(reserved.tokens).unwrap_or(i64::MAX);
    t.prepare_cached(
        "UPDATE model_tokens SET used = max(0, used + ?4)
         WHERE admin_id = ?1 AND ((session_id = '' AND day = ?3) OR session_id = ?2)",
    )?
    .execute(params![
        reserved.tenant.admin_id().as_str(),
        reserved.session.as_str(),
        reserved.day,
        more
    ])?;
    Ok(())
}

pub(super) fn forget(t: &Transaction<'_>, admin: &str, session: &str) -> Result<()> {
    t.prepare_cached("DELETE FROM model_tokens WHERE admin_id = ? AND session_id = ?")?
        .execute([admin, session])?;
    Ok(())
}

fn spent(c: &Connection, admin: &str, session: &str) -> Result<Option<(i64, i64)>> {
    c.prepare_cached("SELECT day, used FROM model_tokens WHERE admin_id = ? AND session_id = ?")?
        .query_row([admin, session], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}
