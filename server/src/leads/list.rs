//! The parameters of a list of leads.

use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::time::Timestamp;

use super::{LeadFilter, Sort, SortField, SourceFilter, search};
use crate::params::{Params, one_of, whole};

const MAX_PAGE: u64 = 1_000_000_000;
const MAX_PAGE_SIZE: u32 = 100;
const MAX_SEARCH_CHARS: usize = 200;

/// Which page of which list was asked for.
#[derive(Debug)]
pub(super) struct ListParams {
    /// Which leads.
    pub filter: LeadFilter,
    /// In which order.
    pub sort: Sort,
    /// From where.
    pub start: ListStart,
    /// How many, 1 to 100.
    pub page_size: u32,
}

/// Where the page starts, as the caller says it.
#[derive(Debug)]
pub(super) enum ListStart {
    /// At this page, from 1.
    Page(u64),
    /// Behind the place of this cursor.
    Cursor(String),
}

impl ListParams {
    /// Takes the list's parameters; what is wrong is noted in `params`.
    pub(super) fn take(params: &mut Params) -> Self {
        let cursor = params.one("cursor");
        let page = params.read("page", |text| whole(text, 1, MAX_PAGE));
        if cursor.is_some() && page.is_some() {
            params.refuse("cursor", "give either page or cursor");
        }
        let page_size = take_page_size(params);
        Self {
            filter: take_filter(params),
            sort: take_sort(params),
            start: cursor.map_or(ListStart::Page(page.unwrap_or(1)), ListStart::Cursor),
            page_size,
        }
    }
}

/// In which order.
pub(super) fn take_sort(params: &mut Params) -> Sort {
    params.read("sort", sort).unwrap_or_default()
}

/// How many, 1 to 100; 10 where nothing is said.
pub(super) fn take_page_size(params: &mut Params) -> u32 {
    let size = params.read("pageSize", |text| whole(text, 1, MAX_PAGE_SIZE.into()));
    size.and_then(|size| u32::try_from(size).ok()).unwrap_or(10)
}

/// When leads came to be: then or later, and before.
pub(super) fn take_span(params: &mut Params) -> (Option<Timestamp>, Option<Timestamp>) {
    (params.read("from", bound), params.read("to", bound))
}

/// Which leads.
pub(super) fn take_filter(params: &mut Params) -> LeadFilter {
    let (from, to) = take_span(params);
    LeadFilter {
        statuses: params.list("status", |word| {
            Status::from_word(word).ok_or_else(|| one_of(Status::ALL.iter().map(|status| status.as_str())))
        }),
        priorities: params.list("priority", |word| {
            Priority::from_word(word)
                .ok_or_else(|| one_of(Priority::ALL.iter().map(|priority| priority.as_str())))
        }),
        tags: params.texts("tag"),
        source: params.one("source").filter(|text| !text.trim().is_empty()).map(|text| source(text.trim())),
        from,
        to,
        words: params.read("search", words).unwrap_or_default(),
    }
}

fn source(text: &str) -> SourceFilter {
    if text.contains("://") {
        return SourceFilter::Prefix(text.to_owned());
    }
    // Through the parser, so that an international name is compared in the form in which hosts are kept. What is no
    // host, one with a port for example, is none's.
    let host = url::Host::parse(text).map(|host| host.to_string());
    SourceFilter::Host(host.unwrap_or_else(|_| text.to_lowercase()))
}

/// A bound between whole milliseconds is as good as the next one, on either side.
fn bound(text: &str) -> Result<Timestamp, &'static str> {
    // An offset's plus sign that was not escaped arrives as a space.
    let whole = Timestamp::parse_up(text).or_else(|| Timestamp::parse_up(&text.replace(' ', "+")));
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    whole.or_else(day).ok_or("must be an RFC 3339 time or a date like 2026-01-30")
}

fn words(text: &str) -> Result<Vec<String>, String> {
    match text.chars().count() > MAX_SEARCH_CHARS {
        true => Err(format!("must have at most {MAX_SEARCH_CHARS} characters")),
        false => Ok(search::words_of([text])),
    }
}

fn sort(text: &str) -> Result<Sort, String> {
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let field = SortField::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
    let names = SortField::ALL.iter().map(|(name, _)| *name);
    field
        .map(|field| Sort { field, descending })
        .ok_or_else(|| format!("{}, with - in front for descending", one_of(names)))
}
