//! `POST /api/leads-enhanced/import`: leads from a spreadsheet, all of them or none.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use csv::{ReaderBuilder, StringRecord};
use porchlight_protocol::email::Email;
use porchlight_protocol::fields::Fields;
use porchlight_protocol::problem::{FieldError, Problem};
use porchlight_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, json};
use utoipa::ToSchema;

use super::LeadEdit;
use super::edit::take_edit;
use super::sheet::{COLUMNS, fused, read_list};
use crate::app::App;
use crate::auth::ApiTenant;
use crate::body::CsvBody;
use crate::error::ApiResult;
use crate::openapi::{AskProblems, BodyProblems, Problems};
use crate::params::Params;

/// Most rows of one file.
const MAX_ROWS: usize = 10_000;

/// Most wrong rows that are named.
const MAX_ERRORS: usize = 100;

/// One row: a lead to make, or what to change on the one of its address. Empty cells change nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRow {
    /// The address, normalised.
    pub email: String,
    /// What people may change on any lead.
    pub edit: LeadEdit,
    /// For a lead that is made: when it came to be; none means now.
    pub created_at: Option<Timestamp>,
    /// For a lead that is made: its page.
    pub source: String,
    /// For a lead that is made: what was said first.
    pub first_message: String,
    /// For a lead that is made: further addresses.
    pub alternate_emails: Vec<String>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportOutcome {
    /// A new lead.
    Created,
    /// Its lead changed.
    Updated,
    /// Its lead is as the row says.
    Unchanged,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Whether nothing was changed.
    dry_run: bool,
    created: usize,
    updated: usize,
    unchanged: usize,
    /// Row by row.
    rows: Vec<RowReport>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
struct RowReport {
    /// 1 for the first below the header.
    row: usize,
    email: String,
    outcome: ImportOutcome,
}

/// Take leads in from a spreadsheet
///
/// A CSV file with the columns of the export, of which only `email` must be there. A row makes a lead or changes the
/// one of its address; empty cells change nothing. A file with a wrong row changes nothing at all.
#[utoipa::path(
    post, path = "/api/leads-enhanced/import", tag = "leads",
    params(("dryRun" = Option<bool>, Query, description = "Only say what would happen.")),
    request_body(content = String, content_type = "text/csv", example = json!("email,status,value\njane@acme.com,new,500\n")),
    security(("apiKey" = [])), responses((status = 200, body = ImportReport), AskProblems, Problems, BodyProblems)
)]
pub async fn import_leads(
    State(app): State<App>,
    caller: ApiTenant,
    uri: Uri,
    CsvBody(body): CsvBody,
) -> ApiResult<Json<ImportReport>> {
    let mut params = Params::of(&uri);
    let dry_run = params.read("dryRun", |text| text.parse::<bool>().map_err(|_| "must be true or false"));
    params.finish()?;
    let dry_run = dry_run.unwrap_or(false);
    let rows = read(&body)?;
    let by = caller.by();
    let outcomes = app.store.import_leads(&caller.tenant, &rows, &by, dry_run).await?;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let report = |(index, (row, outcome)): (usize, (&ImportRow, &ImportOutcome))| RowReport {
        row: index + 1,
        email: row.email.clone(),
        outcome: *outcome,
    };
    Ok(Json(ImportReport {
        dry_run,
        created: count(ImportOutcome::Created),
        updated: count(ImportOutcome::Updated),
        unchanged: count(ImportOutcome::Unchanged),
        rows: rows.iter().zip(&outcomes).enumerate().map(report).collect(),
    }))
}

/// Reads a file whose first line names its columns; what is wrong is named by its row, 1 for the first below the header.
fn read(file: &[u8]) -> Result<Vec<ImportRow>, Problem> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let mut reader = ReaderBuilder::new().from_reader(file);
    let mut errors = Vec::new();
    let columns =
        reader.headers().map_err(|_| invalid("header", "must be a line of column names in UTF-8"))?.clone();
    for column in columns.iter().filter(|column| !COLUMNS.contains(&column.trim())) {
        errors.push(FieldError::new(
            "header",
            format!("{column:?} is no column; they are {}", COLUMNS.join(", ")),
        ));
    }
    if !columns.iter().any(|column| column.trim() == "email") {
        errors.push(FieldError::new("header", "must name the column email"));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let mut rows: Vec<ImportRow> = Vec::new();
    let mut first_of: HashMap<String, usize> = HashMap::new();
    for (index, record) in reader.records().enumerate() {
        let number = index + 1;
        if number > MAX_ROWS {
            return Err(invalid("rows", &format!("must be at most {MAX_ROWS}; split the file")));
        }
        let row = match record {
            Ok(record) => read_row(&columns, &record),
            Err(_) => {
                Err(vec![FieldError::new("row", "must be UTF-8 with as many cells as there are columns")])
            }
        };
        match row {
            Ok(row) => {
                if let Some(first) = first_of.insert(row.email.clone(), number) {
                    errors.push(FieldError::new(
                        format!("row {number}: email"),
                        format!("is that of row {first} too"),
                    ));
                }
                rows.push(row);
            }
            Err(wrong) => errors.extend(
                wrong
                    .into_iter()
                    .map(|error| FieldError::new(format!("row {number}: {}", error.field), error.message)),
            ),
        }
        if errors.len() >= MAX_ERRORS {
            break;
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(Problem::invalid(errors)) }
}

fn invalid(field: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, message)])
}

fn read_row(columns: &StringRecord, record: &StringRecord) -> Result<ImportRow, Vec<FieldError>> {
    let cells: HashMap<&str, &str> = columns
        .iter()
        .map(str::trim)
        .zip(record.iter().map(|cell| fused(cell.trim())))
        .filter(|(_, cell)| !cell.is_empty())
        .collect();
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default();
    let mut errors = Vec::new();
    let email = Email::parse(cell("email")).map(String::from).unwrap_or_else(|error| {
        errors.push(FieldError::new("email", error.to_string()));
        String::new()
    });
    let created_at = ["createdAt", "firstContact"].into_iter().find_map(|name| {
        let text = cells.get(name)?;
        let at = Timestamp::parse(text);
        if at.is_none() {
            errors.push(FieldError::new(name, "must be an RFC 3339 time"));
        }
        at
    });
    let alternates = read_list(cell("alternateEmails"));
    let parsed: Vec<String> =
        alternates.iter().filter_map(|text| Email::parse(text).ok().map(String::from)).collect();
    if parsed.len() < alternates.len() {
        errors.push(FieldError::new("alternateEmails", "must be e-mail addresses with commas between"));
    }
    let edit = match edit_of(&cells) {
        Ok(edit) => edit,
        Err(wrong) => {
            errors.extend(wrong);
            LeadEdit::default()
        }
    };
    let row = ImportRow {
        email,
        edit,
        created_at,
        source: cell("source").to_owned(),
        first_message: cell("firstMessage").to_owned(),
        alternate_emails: parsed,
    };
    if errors.is_empty() { Ok(row) } else { Err(errors) }
}

/// The cells that an edit can hold, under the very rules of `PUT`.
fn edit_of(cells: &HashMap<&str, &str>) -> Result<LeadEdit, Vec<FieldError>> {
    let mut body = Map::new();
    for name in ["status", "priority", "notes", "requirements", "followUpAt"] {
        body.extend(cells.get(name).map(|cell| (name.to_owned(), json!(cell))));
    }
    body.extend(cells.get("tags").map(|cell| ("tags".to_owned(), json!(read_list(cell)))));
    let number = |cell: &&str| cell.parse::<f64>().map_or_else(|_| json!(cell), |number| json!(number));
    body.extend(cells.get("value").map(|cell| ("value".to_owned(), number(cell))));
    let mut fields = Fields::of(body);
    let edit = take_edit(&mut fields);
    fields.finish().map(|()| edit).map_err(|problem| problem.errors)
}
