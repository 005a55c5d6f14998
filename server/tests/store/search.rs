//! Search against a full scan, with words so frequent that the stores go other ways than with rare ones.

use porchlight_protocol::lead::Status;
use porchlight_protocol::time::Timestamp;
use porchlight_server::leads::{
    By, ImportRow, LeadEdit, LeadFilter, LeadQuery, LeadRecord, Place, Sort, SortField, Start, search,
};

use crate::harness::{Fresh, NOON};

/// More than any store takes for rare.
const LEADS: i64 = 6_000;

fn row(index: i64) -> ImportRow {
    let late = if index >= LEADS - 40 { "Spätzle" } else { "bread" };
    ImportRow {
        email: format!("p{index}@mail{}.example", index % 3),
        edit: LeadEdit {
            status: Some(Status::ALL[(index % 5) as usize]),
            requirements: Some(format!("• Crème for {} people", index % 7)),
            notes: (index % 2 == 0).then(|| "even".to_owned()),
            ..LeadEdit::default()
        },
        created_at: Some(Timestamp::from_millis(NOON - index * 60_000)),
        source: "https://shop.example/".to_owned(),
        first_message: format!("{late} please, number {index}"),
        alternate_emails: Vec::new(),
    }
}

/// The rule itself: every word of the query begins a word of the lead.
fn has(record: &LeadRecord, words: &[String]) -> bool {
    let lead = &record.lead;
    let texts = [&lead.email, &lead.requirements, &lead.first_message, &lead.notes];
    let own: Vec<String> = texts.into_iter().flat_map(|text| search::words(text)).collect();
    words.iter().all(|word| own.iter().any(|own| own.starts_with(word)))
}

pub(crate) async fn searches_equal_a_full_scan(fresh: Fresh) {
    let tenant = &fresh.tenants[0];
    let by = By::new("key_test", Timestamp::from_millis(NOON));
    let rows: Vec<ImportRow> = (0..LEADS).map(row).collect();
    fresh.store.import_leads(tenant, &rows, &by, false).await.unwrap();
    let mut all = fresh.records(0).await;
    assert_eq!(all.len(), LEADS as usize);
    all.sort_by_key(|record| (record.lead.created_at, record.lead.id.clone()));
    for text in [
        "creme",
        "SPATZLE",
        "crème spätzle",
        "p12 people",
        "people even",
        "mail1 5",
        "bread even 7",
        "nothing",
    ] {
        for (statuses, descending) in [(vec![], true), (vec![Status::Lost, Status::New], false)] {
            let filter = LeadFilter { words: search::words_of([text]), statuses, ..LeadFilter::default() };
            let mut expected: Vec<&str> = all
                .iter()
                .filter(|r| has(r, &filter.words))
                .filter(|r| filter.statuses.is_empty() || filter.statuses.contains(&r.lead.status))
                .map(|record| record.lead.email.as_str())
                .collect();
            if descending {
                expected.reverse();
            }
            assert_eq!(
                fresh.store.count_leads(tenant, &filter).await.unwrap(),
                expected.len() as u64,
                "{text}"
            );
            // By cursor from the start, and a page in the middle.
            let sort = Sort { field: SortField::CreatedAt, descending };
            let mut start = Start::Page(1);
            let mut walked: Vec<String> = Vec::new();
            while walked.len() < 60 {
                let query = LeadQuery { filter: filter.clone(), sort, start, page_size: 20 };
                let page = fresh.store.leads(tenant, &query).await.unwrap();
                walked.extend(page.leads.iter().map(|record| record.lead.email.clone()));
                let Some(last) = page.leads.last().filter(|_| page.more) else { break };
                start = Start::Behind(Place::of(last, sort.field));
            }
            assert_eq!(walked, expected[..expected.len().min(walked.len())], "{text}");
            assert_eq!(walked.len(), expected.len().min(60), "{text}");
            let query = LeadQuery { filter, sort, start: Start::Page(3), page_size: 10 };
            let page = fresh.store.leads(tenant, &query).await.unwrap();
            let emails: Vec<&str> = page.leads.iter().map(|record| record.lead.email.as_str()).collect();
            let (from, to) = (expected.len().min(20), expected.len().min(30));
            assert_eq!((emails.as_slice(), page.more), (&expected[from..to], expected.len() > 30), "{text}");
        }
    }
}
