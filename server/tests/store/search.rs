//! Lists by every filter and in every order against a full scan, while leads change, also by others.

use std::cmp::Ordering;

use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::time::Timestamp;
use porchlight_server::leads::{
    By, Finder, ImportRow, LeadEdit, LeadFilter, LeadQuery, LeadRecord, Place, Sort, SortField, SortKey,
    SourceFilter, Start, search,
};

use crate::cases::{keep, said};
use crate::harness::{Fresh, NOON};

/// Over three days, so that parts of days, whole days and changed days are all met.
const LEADS: i64 = 1_200;

fn row(index: i64) -> ImportRow {
    let late = if index >= LEADS - 40 { "Spätzle" } else { "bread" };
    ImportRow {
        email: format!("p{index}@mail{}.example", index % 3),
        edit: LeadEdit {
            status: Some(Status::ALL[(index % 5) as usize]),
            priority: Some(Priority::ALL[(index % 3) as usize]),
            requirements: Some(format!("• Crème for {} people", index % 7)),
            notes: (index % 2 == 0).then(|| "even".to_owned()),
            value: Some((index % 4 > 0).then_some((index % 50) as f64)),
            tags: Some((0..index % 3).map(|tag| format!("Tag {tag}")).collect()),
            ..LeadEdit::default()
        },
        created_at: Some(Timestamp::from_millis(NOON - index * 180_000 - index % 2)),
        source: format!("https://shop{}.example/a{}?b=c", index % 2, index % 11),
        first_message: format!("{late} please, number {index}"),
        alternate_emails: Vec::new(),
    }
}

/// The rule itself.
fn meets(record: &LeadRecord, filter: &LeadFilter) -> bool {
    let lead = &record.lead;
    let texts = [&lead.email, &lead.requirements, &lead.first_message, &lead.notes];
    let texts = texts.into_iter().chain(&lead.tags).chain(&lead.alternate_emails);
    let own: Vec<String> = texts.flat_map(|text| search::words(text)).collect();
    filter.words.iter().all(|word| own.iter().any(|own| own.starts_with(word)))
        && (filter.statuses.is_empty() || filter.statuses.contains(&lead.status))
        && (filter.priorities.is_empty() || filter.priorities.contains(&lead.priority))
        && (filter.tags.is_empty() || filter.tags.iter().any(|tag| lead.tags.contains(tag)))
        && filter.from.is_none_or(|from| lead.created_at >= from)
        && filter.to.is_none_or(|to| lead.created_at < to)
        && match &filter.source {
            Some(SourceFilter::Prefix(prefix)) => lead.source.starts_with(prefix),
            Some(SourceFilter::Host(host)) => lead.source.starts_with(&format!("https://{host}/")),
            None => true,
        }
}

fn order(a: &Place, b: &Place) -> Ordering {
    let key = match (&a.key, &b.key) {
        (SortKey::Number(a), SortKey::Number(b)) => a.cmp(b),
        (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
        _ => panic!("keys of one order are of one kind"),
    };
    key.then_with(|| a.id.cmp(&b.id))
}

fn filters() -> Vec<LeadFilter> {
    let words = |text: &str| LeadFilter { words: search::words_of([text]), ..LeadFilter::default() };
    let at = |hours: i64| Some(Timestamp::from_millis(NOON - hours * 3_600_000));
    let mut all: Vec<LeadFilter> = [
        "creme",
        "SPATZLE",
        "crème spätzle",
        "p12 people",
        "people even",
        "mail1 5",
        "bread even 7",
        "tag 1",
        "urgent",
        "nothing",
    ]
    .map(words)
    .into();
    all.extend([
        LeadFilter::default(),
        LeadFilter { statuses: vec![Status::Lost, Status::New], ..words("even") },
        LeadFilter { priorities: vec![Priority::High], ..LeadFilter::default() },
        LeadFilter { tags: vec!["Tag 1".into(), "urgent".into()], ..LeadFilter::default() },
        LeadFilter { source: Some(SourceFilter::Host("shop1.example".into())), ..words("bread") },
        LeadFilter {
            source: Some(SourceFilter::Prefix("https://shop0.example/a1".into())),
            ..LeadFilter::default()
        },
        LeadFilter { from: at(30), to: at(3), ..words("5 even") },
        LeadFilter { from: at(30), to: at(3), statuses: vec![Status::Converted], ..LeadFilter::default() },
        LeadFilter { from: at(3), to: at(30), ..words("even") },
    ]);
    all
}

/// Totals, the beginning of a walk by cursor, and a page in the middle.
async fn assert_finds(fresh: &Fresh, finder: &Finder, filters: &[LeadFilter], sorts: &[Sort]) {
    let tenant = &fresh.tenants[0];
    let all = fresh.records(0).await;
    for filter in filters {
        let meeting: Vec<&LeadRecord> = all.iter().filter(|record| meets(record, filter)).collect();
        for sort in sorts {
            let what = format!("{filter:?} {sort:?}");
            let mut expected: Vec<Place> =
                meeting.iter().map(|record| Place::of(record, sort.field)).collect();
            expected.sort_by(order);
            if sort.descending {
                expected.reverse();
            }
            let mut start = Start::Page(1);
            let mut walked: Vec<Place> = Vec::new();
            while walked.len() < 60 {
                let query = LeadQuery { filter: filter.clone(), sort: *sort, start, page_size: 20 };
                let (page, total) = finder.find(tenant, &query).await.unwrap();
                assert_eq!(total, expected.len() as u64, "{what}");
                walked.extend(page.leads.iter().map(|record| Place::of(record, sort.field)));
                assert_eq!(page.more, walked.len() < expected.len(), "{what}");
                let Some(last) = walked.last().filter(|_| page.more) else { break };
                start = Start::Behind(last.clone());
            }
            assert_eq!(walked, expected[..expected.len().min(60)], "{what}");
            let query =
                LeadQuery { filter: filter.clone(), sort: *sort, start: Start::Page(12), page_size: 100 };
            let page = finder.page(tenant, &query).await.unwrap();
            let page: Vec<Place> = page.leads.iter().map(|record| Place::of(record, sort.field)).collect();
            assert_eq!(page, expected[expected.len().min(1_100)..expected.len().min(1_200)], "{what}");
        }
    }
}

pub(crate) async fn lists_equal_a_full_scan(fresh: Fresh) {
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    let rows: Vec<ImportRow> = (0..LEADS).map(row).collect();
    fresh.store.import_leads(&fresh.tenants[0], &rows, &by, false).await.unwrap();
    let sort =
        |(_, field): &(_, SortField)| [true, false].map(|descending| Sort { field: *field, descending });
    let sorts: Vec<Sort> = SortField::ALL.iter().flat_map(sort).collect();
    assert_finds(&fresh, &fresh.finder(), &filters(), &sorts).await;
}

/// Two server processes on one store, each with what it read before: every change is found by both at once.
pub(crate) async fn what_others_change_is_found_at_once(fresh: Fresh) {
    let (tenant, by) = (&fresh.tenants[0], By::new("key_test", Timestamp::from_millis(NOON)));
    let rows: Vec<ImportRow> = (0..300).map(row).collect();
    fresh.store.import_leads(tenant, &rows, &by, false).await.unwrap();
    let processes = [fresh.finder(), fresh.finder()];
    let sorts = [Sort::default(), Sort { field: SortField::LastContact, descending: false }];
    let all = filters();
    let check = async || {
        for finder in &processes {
            assert_finds(&fresh, finder, &all, &sorts).await;
        }
    };
    check().await;
    let id = async |email: &str| fresh.lead_id(0, email).await.unwrap();
    let edit = LeadEdit { notes: Some("urgent".into()), status: Some(Status::Lost), ..LeadEdit::default() };
    fresh.store.edit_lead(tenant, &id("p7@mail1.example").await, &edit, None, &by).await.unwrap();
    check().await;
    let edit =
        LeadEdit { notes: Some(String::new()), tags: Some(vec!["urgent".into()]), ..LeadEdit::default() };
    fresh.store.edit_lead(tenant, &id("p7@mail1.example").await, &edit, None, &by).await.unwrap();
    check().await;
    assert!(fresh.store.delete_lead(tenant, &id("p9@mail0.example").await, &by).await.unwrap());
    assert!(fresh.store.erase_lead(tenant, &id("p250@mail1.example").await, &by).await.unwrap().is_some());
    check().await;
    // A visitor who is new, and one who returns.
    keep(&fresh, &said("sess_1", "msg_1", 0, "urgent: even more Spätzle", &["new@example.com"])).await;
    keep(&fresh, &said("sess_2", "msg_1", 0, "it is urgent", &["p8@mail2.example"])).await;
    check().await;
    // More of a day than is held beside its other leads.
    let rows: Vec<ImportRow> = (0..900).map(row).collect();
    fresh.store.import_leads(tenant, &rows, &by, false).await.unwrap();
    check().await;
}
