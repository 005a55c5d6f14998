//! Figures as `GET /api/leads-enhanced?analytics=true` shows them.

use std::collections::BTreeMap;

use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::Number;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Figures;
use super::rollup::Group;
use crate::leads::DAY;

/// How many groups a breakdown shows by themselves; the rest is one row named [`REST`].
const SHOWN_GROUPS: usize = 1_000;

/// The row of everything beyond the largest groups.
const REST: &str = "other";

/// Figures of the leads created in a span. Money is exact to the cent; shares lie between 0 and 1, and of nothing they
/// are 0.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalyticsAnswer {
    /// All of them.
    total_leads: u64,
    new_leads: u64,
    contacted_leads: u64,
    qualified_leads: u64,
    converted_leads: u64,
    lost_leads: u64,
    /// What all are worth.
    #[schema(value_type = f64)]
    total_value: Money,
    /// What the new, contacted and qualified ones are worth.
    #[schema(value_type = f64)]
    open_value: Money,
    /// What the converted ones are worth.
    #[schema(value_type = f64)]
    won_value: Money,
    /// The mean of their conversations.
    #[schema(value_type = f64)]
    avg_conversations: Number,
    /// Created in the last 168 hours.
    this_week_leads: u64,
    /// Converted of all.
    #[schema(value_type = f64)]
    conversion_rate: Number,
    /// Each status, in its order.
    by_status: Vec<StatusRow>,
    /// By the first page without query and fragment: the 1,000 largest, then `other`.
    by_source: Vec<SourceRow>,
    /// By the first page's host and path: the 1,000 largest, then `other`.
    by_page: Vec<PageRow>,
    /// By the host the visitor came from, `direct` without one: the 1,000 largest, then `other`.
    by_referrer: Vec<ReferrerRow>,
    /// By `utm_source / utm_medium / utm_campaign`, a dash for one that is missing, `none` without any: the 1,000 largest,
    /// then `other`.
    by_campaign: Vec<CampaignRow>,
    /// By UTC day, oldest first; days without leads are left out.
    by_day: Vec<DayRow>,
    /// How fast people were.
    response_times: ResponseTimes,
}

/// The leads of one status.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct StatusRow {
    status: Status,
    leads: u64,
    #[schema(value_type = f64)]
    value: Money,
}

/// The leads of one group.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    leads: u64,
    qualified: u64,
    converted: u64,
    /// Converted of its leads.
    #[schema(value_type = f64)]
    conversion_rate: Number,
    #[schema(value_type = f64)]
    value: Money,
}

macro_rules! named_rows {
    ($($(#[$doc:meta])* $row:ident { $name:ident }),+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
        struct $row {
            $name: String,
            #[serde(flatten)]
            row: Row,
        }

        impl $row {
            fn all(groups: &BTreeMap<String, Group>) -> Vec<Self> {
                largest(groups).into_iter().map(|($name, row)| Self { $name, row }).collect()
            }
        }
    )+};
}

named_rows! {
    /// The leads of one first page.
    SourceRow { source },
    /// The leads of one host and path.
    PageRow { page },
    /// The leads from one host.
    ReferrerRow { referrer },
    /// The leads of one campaign.
    CampaignRow { campaign }
}

/// The leads of one UTC day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct DayRow {
    #[schema(example = "2026-01-30")]
    date: String,
    leads: u64,
    converted: u64,
}

/// How fast people were, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResponseTimes {
    /// From a session's first message to the first answer of a person.
    first_reply_seconds: Spread,
    /// From coming to be to the first change to `contacted`.
    time_to_contact_seconds: Spread,
}

/// Median (the mean of the two in the middle of an even number) and 90th percentile (nearest rank); null of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
struct Spread {
    median: Option<f64>,
    p90: Option<f64>,
}

/// The answer's `analytics`.
pub fn answer(figures: &Figures) -> AnalyticsAnswer {
    let total = &figures.total;
    let of = |status: Status| total.of(status);
    let all = total.leads();
    let cents = |statuses: &[Status]| Money(statuses.iter().map(|status| of(*status).cents).sum());
    let by_status = |status: &Status| StatusRow {
        status: *status,
        leads: of(*status).leads,
        value: Money(of(*status).cents),
    };
    let by_day = |(day, leads, converted): &(i64, u64, u64)| DayRow {
        date: date(*day),
        leads: *leads,
        converted: *converted,
    };
    AnalyticsAnswer {
        total_leads: all,
        new_leads: of(Status::New).leads,
        contacted_leads: of(Status::Contacted).leads,
        qualified_leads: of(Status::Qualified).leads,
        converted_leads: of(Status::Converted).leads,
        lost_leads: of(Status::Lost).leads,
        total_value: cents(Status::ALL),
        open_value: cents(&[Status::New, Status::Contacted, Status::Qualified]),
        won_value: cents(&[Status::Converted]),
        avg_conversations: ratio(total.conversations(), all),
        this_week_leads: figures.this_week,
        conversion_rate: ratio(of(Status::Converted).leads, all),
        by_status: Status::ALL.iter().map(by_status).collect(),
        by_source: SourceRow::all(&total.sources),
        by_page: PageRow::all(&total.pages),
        by_referrer: ReferrerRow::all(&total.referrers),
        by_campaign: CampaignRow::all(&total.campaigns),
        by_day: figures.by_day.iter().map(by_day).collect(),
        response_times: ResponseTimes {
            first_reply_seconds: spread(&total.reply_millis),
            time_to_contact_seconds: spread(&total.contact_millis),
        },
    }
}

/// The largest groups, by leads and then by name, and the rest as one row.
fn largest(groups: &BTreeMap<String, Group>) -> Vec<(String, Row)> {
    let mut sorted: Vec<(&String, &Group)> = groups.iter().collect();
    sorted.sort_by_key(|(name, group)| (std::cmp::Reverse(group.leads), *name));
    let (shown, beyond) = sorted.split_at(sorted.len().min(SHOWN_GROUPS));
    let mut rows: Vec<(String, Row)> =
        shown.iter().map(|(name, group)| ((*name).clone(), row(**group))).collect();
    if !beyond.is_empty() {
        let rest = beyond.iter().fold(Group::default(), |mut rest, (_, group)| {
            rest.add(**group);
            rest
        });
        rows.push((REST.to_owned(), row(rest)));
    }
    rows
}

fn row(group: Group) -> Row {
    Row {
        leads: group.leads,
        qualified: group.qualified,
        converted: group.converted,
        conversion_rate: ratio(group.converted, group.leads),
        value: Money(group.cents),
    }
}

/// A share; 0 of nothing. Whole numbers are written without a fraction.
fn ratio(part: u64, whole: u64) -> Number {
    match part.checked_rem(whole) {
        None => Number::from(0),
        Some(0) => Number::from(part / whole),
        Some(_) => fraction(part as f64 / whole as f64),
    }
}

/// An amount in whole cents, shown in whole ones, as a JSON number that is exact however large it is.
#[derive(Clone, Debug, PartialEq)]
struct Money(i128);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, cents) = (self.0 / 100, self.0 % 100);
        let text = match cents {
            0 => whole.to_string(),
            _ => format!("{whole}.{cents:02}").trim_end_matches('0').to_owned(),
        };
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn fraction(number: f64) -> Number {
    Number::from_f64(number).unwrap_or_else(|| Number::from(0))
}

fn spread(millis: &[u64]) -> Spread {
    let mut sorted = millis.to_vec();
    sorted.sort_unstable();
    let at = |index: usize| sorted.get(index).map(|millis| *millis as f64 / 1_000.0);
    let count = sorted.len();
    let middle = at(count.saturating_sub(1) / 2).zip(at(count / 2));
    let rank = (count * 9).div_ceil(10);
    Spread { median: middle.map(|(lower, upper)| (lower + upper) / 2.0), p90: at(rank.saturating_sub(1)) }
}

fn date(day: i64) -> String {
    Timestamp::from_millis(day * DAY).to_string().chars().take("2026-01-30".len()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn medians_and_ranks_are_exact() {
        let check = |millis: &[u64], expected: Option<(f64, f64)>| {
            let (median, p90) = expected.unzip();
            assert_eq!(spread(millis), Spread { median, p90 });
        };
        check(&[], None);
        check(&[3_000], Some((3.0, 3.0)));
        check(&[4_000, 1_000], Some((2.5, 4.0)));
        let ten: Vec<u64> = (1..=10).map(|second| second * 1_000).collect();
        check(&ten, Some((5.5, 9.0)));
    }

    #[test]
    fn the_largest_groups_stand_alone_and_the_rest_together() {
        let many: BTreeMap<String, Group> = (0..1_010u64)
            .map(|index| {
                (format!("s{index:04}"), Group { leads: 2_000 - index, cents: 50, ..Group::default() })
            })
            .collect();
        let rows = json!(SourceRow::all(&many));
        assert_eq!(rows.as_array().map(Vec::len), Some(1_001));
        assert_eq!(rows[0]["source"], "s0000");
        let rest = json!({
            "source": "other", "leads": (991..=1_000).sum::<u64>(), "qualified": 0, "converted": 0, "conversionRate": 0,
            "value": 5,
        });
        assert_eq!(rows[1_000], rest);
    }

    #[test]
    fn numbers_are_plain() {
        let shown = [ratio(1, 4), ratio(4, 2), ratio(0, 0)].map(|n| n.to_string());
        assert_eq!(shown, ["0.25", "2", "0"]);
        let amounts = [0, 500, 1_234, 1_250, 5, 17_299_999_999_999_827].map(Money);
        let shown = serde_json::to_string(&amounts).unwrap();
        assert_eq!(shown, "[0,5,12.34,12.5,0.05,172999999999998.27]");
        assert_eq!(date(20_483), "2026-01-30");
    }
}
