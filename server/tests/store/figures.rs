//! Analytics against a full scan of the leads, after every kind of change.

use std::collections::BTreeMap;
use std::sync::Arc;

use porchlight_protocol::lead::{Lead, Status};
use porchlight_protocol::time::Timestamp;
use porchlight_server::analytics::{Analytics, Span, answer};
use porchlight_server::leads::{By, LeadEdit, LeadRecord, PlainFilter};
use serde_json::{Value, json};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON};

const HOUR: i64 = 3_600_000;

pub(crate) async fn figures_equal_a_full_scan_after_every_kind_of_change(fresh: Fresh) {
    let analytics = Analytics::new(Arc::clone(&fresh.store));
    let tenant = &fresh.tenants[0];
    assert_exact(&fresh, &analytics, 0).await;
    for index in 0..40_i64 {
        let email = format!("p{index}@example.com");
        let mut message = said(&format!("sess_{index}"), "msg_1", 0, "I need a website", &[&email]);
        message.at = NOON - index * 7 * HOUR;
        message.page =
            format!("https://shop.example:8080/p{}?utm_source=s{}&x={index}#y", index % 7, index % 3);
        keep(&fresh, &message).await;
    }
    assert_exact(&fresh, &analytics, 0).await;
    for (index, record) in fresh.records(0).await.into_iter().enumerate() {
        let edit = LeadEdit {
            status: Some(Status::ALL[index % 5]),
            value: Some((index % 4 > 0).then_some(index as f64 + 0.1)),
            ..LeadEdit::default()
        };
        let by = By::new("key_test", record.lead.created_at.plus_millis(1_000 * (index as i64 + 1)));
        fresh.store.edit_lead(tenant, &record.lead.id, &edit, None, &by).await.unwrap();
    }
    assert_exact(&fresh, &analytics, 0).await;
    let lead = fresh.lead_id(0, "p7@example.com").await.unwrap();
    for status in [Status::Contacted, Status::New, Status::Contacted] {
        let edit = LeadEdit { status: Some(status), ..LeadEdit::default() };
        fresh
            .store
            .edit_lead(tenant, &lead, &edit, None, &By::new("key_test", Timestamp::from_millis(NOON)))
            .await
            .unwrap();
        assert_exact(&fresh, &analytics, 0).await;
    }
    keep(&fresh, &said("sess_new", "msg_1", 0, "again, p3@example.com", &["p3@example.com"])).await;
    assert_exact(&fresh, &analytics, 0).await;
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    assert!(fresh.store.delete_lead(tenant, &lead, &by).await.unwrap());
    assert_exact(&fresh, &analytics, 0).await;
    let lead = fresh.lead_id(0, "p8@example.com").await.unwrap();
    assert!(fresh.store.erase_lead(tenant, &lead, &by).await.unwrap().is_some());
    assert_exact(&fresh, &analytics, 0).await;
    assert_exact(&fresh, &analytics, 1).await;
    // Another process knows nothing of this one's memory.
    assert_exact(&fresh, &Analytics::new(Arc::clone(&fresh.store)), 0).await;
    assert!(fresh.store.stale_days(10).await.unwrap().is_empty());
}

/// Every figure, of all time and of spans that cut through days, is that of a full scan; and so are the counts.
pub(crate) async fn assert_exact(fresh: &Fresh, analytics: &Analytics, admin: usize) {
    let records = fresh.records(admin).await;
    let now = Timestamp::from_millis(NOON);
    let at = |hours: i64| Some(now.plus_millis(hours * HOUR + 17));
    for (from, to) in [
        (None, None),
        (at(-100), at(-20)),
        (at(-5), None),
        (None, at(-170)),
        (at(-3), at(-2)),
        (at(5), at(2)),
    ] {
        let figures = analytics.figures(&fresh.tenants[admin], Span { from, to }, now).await.unwrap();
        let within = |record: &&LeadRecord| {
            let created = record.lead.created_at;
            from.is_none_or(|from| created >= from) && to.is_none_or(|to| created < to)
        };
        let scanned: Vec<&LeadRecord> = records.iter().filter(within).collect();
        assert_eq!(json!(answer(&figures)), scan(&scanned, now), "{from:?} {to:?}");
        for statuses in [vec![], vec![Status::New], vec![Status::Contacted, Status::Lost]] {
            let of_status = |r: &&&LeadRecord| statuses.is_empty() || statuses.contains(&r.lead.status);
            let count = scanned.iter().filter(of_status).count() as u64;
            let filter = PlainFilter { statuses: statuses.clone(), from, to };
            assert_eq!(analytics.count(&fresh.tenants[admin], &filter).await.unwrap(), count, "{filter:?}");
        }
    }
}

fn scan(records: &[&LeadRecord], now: Timestamp) -> Value {
    let leads: Vec<&Lead> = records.iter().map(|record| &record.lead).collect();
    let count = |status: Status| leads.iter().filter(|lead| lead.status == status).count();
    let value = |statuses: &[Status]| -> Value {
        let cents = leads.iter().filter(|lead| statuses.contains(&lead.status));
        money(cents.map(|lead| (lead.value.unwrap_or_default() * 100.0).round() as i64).sum())
    };
    let share = |part: u64, whole: usize| match whole {
        0 => json!(0),
        whole if part.is_multiple_of(whole as u64) => json!(part / whole as u64),
        whole => json!(part as f64 / whole as f64),
    };
    let conversations: u64 = leads.iter().map(|lead| lead.conversation_count).sum();
    let week_ago = now.plus_millis(-168 * HOUR);
    let groups = |name: &str, of: &dyn Fn(&Lead) -> String| -> Value {
        let mut groups: BTreeMap<String, Vec<&Lead>> = BTreeMap::new();
        for lead in &leads {
            groups.entry(of(lead)).or_default().push(lead);
        }
        let mut sorted: Vec<_> = groups.into_iter().collect();
        sorted.sort_by_key(|(name, leads)| (usize::MAX - leads.len(), name.clone()));
        let row = |(value, leads): (String, Vec<&Lead>)| {
            let with = |status: Status| leads.iter().filter(|lead| lead.status == status).count();
            let cents =
                leads.iter().map(|lead| (lead.value.unwrap_or_default() * 100.0).round() as i64).sum();
            json!({
                name: value, "leads": leads.len(), "qualified": with(Status::Qualified),
                "converted": with(Status::Converted),
                "conversionRate": share(with(Status::Converted) as u64, leads.len()), "value": money(cents),
            })
        };
        sorted.into_iter().map(row).collect()
    };
    let mut days: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for lead in &leads {
        let day = days.entry(lead.created_at.to_string()[..10].to_owned()).or_default();
        day.0 += 1;
        day.1 += u64::from(lead.status == Status::Converted);
    }
    let contact: Vec<i64> = records
        .iter()
        .filter_map(|r| Some((r.contacted_at?.millis() - r.lead.created_at.millis()).max(0)))
        .collect();
    let without_query = |source: &str| source.split(['?', '#']).next().unwrap().to_owned();
    json!({
        "totalLeads": leads.len(),
        "newLeads": count(Status::New),
        "contactedLeads": count(Status::Contacted),
        "qualifiedLeads": count(Status::Qualified),
        "convertedLeads": count(Status::Converted),
        "lostLeads": count(Status::Lost),
        "totalValue": value(Status::ALL),
        "openValue": value(&[Status::New, Status::Contacted, Status::Qualified]),
        "wonValue": value(&[Status::Converted]),
        "avgConversations": share(conversations, leads.len()),
        "thisWeekLeads": leads.iter().filter(|lead| lead.created_at >= week_ago).count(),
        "conversionRate": share(count(Status::Converted) as u64, leads.len()),
        "byStatus": Status::ALL.iter().map(|status| {
            json!({ "status": status.as_str(), "leads": count(*status), "value": value(&[*status]) })
        }).collect::<Vec<_>>(),
        "bySource": groups("source", &|lead| without_query(&lead.source)),
        "byPage": groups("page", &|lead| {
            without_query(&lead.source).replacen("https://", "", 1).replacen(":8080", "", 1)
        }),
        "byReferrer": groups("referrer", &|_| "direct".to_owned()),
        "byCampaign": groups("campaign", &|lead| match lead.source.split_once("utm_source=") {
            Some((_, rest)) => format!("{} / - / -", rest.split('&').next().unwrap()),
            None => "none".to_owned(),
        }),
        "byDay": days.into_iter().map(|(date, (leads, converted))| {
            json!({ "date": date, "leads": leads, "converted": converted })
        }).collect::<Vec<_>>(),
        "responseTimes": {
            "firstReplySeconds": { "median": null, "p90": null },
            "timeToContactSeconds": ranks(contact),
        },
    })
}

fn money(cents: i64) -> Value {
    if cents % 100 == 0 { json!(cents / 100) } else { json!(cents as f64 / 100.0) }
}

fn ranks(mut millis: Vec<i64>) -> Value {
    if millis.is_empty() {
        return json!({ "median": null, "p90": null });
    }
    millis.sort_unstable();
    let count = millis.len();
    let median = (millis[(count - 1) / 2] + millis[count / 2]) as f64 / 2.0;
    let p90 = millis[(0.9 * count as f64).ceil() as usize - 1] as f64;
    json!({ "median": median / 1_000.0, "p90": p90 / 1_000.0 })
}
