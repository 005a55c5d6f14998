//! Figures as `GET /api/leads-enhanced?analytics=true` shows them.

use std::collections::BTreeMap;

use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use serde_json::{Map, Value, json};

use super::Figures;
use super::rollup::Group;
use crate::leads::DAY;

/// How many groups a breakdown shows by themselves; the rest is one row named [`REST`].
const SHOWN_GROUPS: usize = 50;

/// The row of everything beyond the largest groups.
const REST: &str = "other";

/// The answer's `analytics`.
pub fn answer(figures: &Figures) -> Value {
    let total = &figures.total;
    let of = |status: Status| total.of(status);
    let all = total.leads();
    let cents = |statuses: &[Status]| money(statuses.iter().map(|status| of(*status).cents).sum());
    json!({
        "totalLeads": all,
        "newLeads": of(Status::New).leads,
        "contactedLeads": of(Status::Contacted).leads,
        "qualifiedLeads": of(Status::Qualified).leads,
        "convertedLeads": of(Status::Converted).leads,
        "lostLeads": of(Status::Lost).leads,
        "totalValue": cents(Status::ALL),
        "openValue": cents(&[Status::New, Status::Contacted, Status::Qualified]),
        "wonValue": cents(&[Status::Converted]),
        "avgConversations": ratio(total.conversations(), all),
        "thisWeekLeads": figures.this_week,
        "conversionRate": ratio(total.converted(), all),
        "byStatus": Status::ALL.iter().map(|status| {
            json!({ "status": status, "leads": of(*status).leads, "value": money(of(*status).cents) })
        }).collect::<Vec<_>>(),
        "bySource": groups("source", &total.sources),
        "byPage": groups("page", &total.pages),
        "byReferrer": groups("referrer", &total.referrers),
        "byCampaign": groups("campaign", &total.campaigns),
        "byDay": figures.by_day.iter().map(|(day, leads, converted)| {
            json!({ "date": date(*day), "leads": leads, "converted": converted })
        }).collect::<Vec<_>>(),
        "responseTimes": {
            "firstReplySeconds": spread(&total.reply_millis),
            "timeToContactSeconds": spread(&total.contact_millis),
        },
    })
}

/// The largest groups, by leads and then by name, and the rest as one row.
fn groups(name: &str, groups: &BTreeMap<String, Group>) -> Vec<Value> {
    let mut sorted: Vec<(&String, &Group)> = groups.iter().collect();
    sorted.sort_by_key(|(name, group)| (std::cmp::Reverse(group.leads), *name));
    let (shown, beyond) = sorted.split_at(sorted.len().min(SHOWN_GROUPS));
    let mut rows: Vec<Value> = shown.iter().map(|(value, group)| row(name, value, **group)).collect();
    if !beyond.is_empty() {
        let rest = beyond.iter().fold(Group::default(), |mut rest, (_, group)| {
            rest.add(**group);
            rest
        });
        rows.push(row(name, REST, rest));
    }
    rows
}

fn row(name: &str, value: &str, group: Group) -> Value {
    let mut row = Map::new();
    row.insert(name.to_owned(), value.into());
    row.insert("leads".to_owned(), group.leads.into());
    row.insert("qualified".to_owned(), group.qualified.into());
    row.insert("converted".to_owned(), group.converted.into());
    row.insert("conversionRate".to_owned(), ratio(group.converted, group.leads));
    row.insert("value".to_owned(), money(group.cents));
    row.into()
}

/// A share; 0 of nothing. Whole numbers are written without a fraction.
fn ratio(part: u64, whole: u64) -> Value {
    match part.checked_rem(whole) {
        None => json!(0),
        Some(0) => json!(part / whole),
        Some(_) => json!(part as f64 / whole as f64),
    }
}

/// Cents as a number of whole ones; exact as far as a JSON number is.
fn money(cents: i128) -> Value {
    match i64::try_from(cents / 100) {
        Ok(whole) if cents % 100 == 0 => json!(whole),
        _ => json!(cents as f64 / 100.0),
    }
}

/// Median (the mean of the two in the middle of an even number) and 90th percentile (nearest rank), in seconds.
fn spread(millis: &[u64]) -> Value {
    let mut sorted = millis.to_vec();
    sorted.sort_unstable();
    let seconds = |millis: f64| json!(millis / 1_000.0);
    let (Some(lower), Some(upper)) =
        (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2))
    else {
        return json!({ "median": null, "p90": null });
    };
    let rank = (sorted.len() * 9).div_ceil(10);
    let p90 = sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    json!({ "median": seconds((lower + upper) as f64 / 2.0), "p90": seconds(p90 as f64) })
}

fn date(day: i64) -> String {
    Timestamp::from_millis(day * DAY).to_string().chars().take("2026-01-30".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranks_are_exact() {
        assert_eq!(spread(&[]), json!({ "median": null, "p90": null }));
        assert_eq!(spread(&[3_000]), json!({ "median": 3.0, "p90": 3.0 }));
        assert_eq!(spread(&[4_000, 1_000]), json!({ "median": 2.5, "p90": 4.0 }));
        let ten: Vec<u64> = (1..=10).map(|second| second * 1_000).collect();
        assert_eq!(spread(&ten), json!({ "median": 5.5, "p90": 9.0 }));
    }

    #[test]
    fn the_largest_groups_stand_alone_and_the_rest_together() {
        let many: BTreeMap<String, Group> = (0..60u64)
            .map(|index| {
                (format!("s{index:02}"), Group { leads: 100 - index, cents: 50, ..Group::default() })
            })
            .collect();
        let rows = groups("source", &many);
        assert_eq!(rows.len(), 51);
        assert_eq!(rows[0]["source"], "s00");
        assert_eq!(
            rows[50],
            json!({
                "source": "other", "leads": (41..=50).sum::<u64>(), "qualified": 0, "converted": 0, "conversionRate": 0,
                "value": 5,
            })
        );
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(
            (money(1_234), money(500), ratio(1, 4), ratio(4, 2), ratio(0, 0)),
            (json!(12.34), json!(5), json!(0.25), json!(2), json!(0))
        );
        assert_eq!(date(20_483), "2026-01-30");
    }
}
