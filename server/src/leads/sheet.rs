//! Leads as lines of CSV (RFC 4180): what a spreadsheet can open, and give back.

use csv::{ReaderBuilder, WriterBuilder};
use porchlight_protocol::lead::{Lead, Utm};
use porchlight_protocol::time::Timestamp;

/// The columns of an export, in their order.
pub(super) const COLUMNS: &[&str] = &[
    "_id",
    "email",
    "alternateEmails",
    "status",
    "priority",
    "value",
    "tags",
    "notes",
    "requirements",
    "firstMessage",
    "source",
    "referrer",
    "utmSource",
    "utmMedium",
    "utmCampaign",
    "sessionId",
    "conversationCount",
    "firstContact",
    "lastContact",
    "followUpAt",
    "createdAt",
    "updatedAt",
];

/// The header line.
pub(super) fn header() -> Vec<u8> {
    lines([COLUMNS.iter().map(|name| (*name).to_owned()).collect()])
}

/// Leads as lines.
pub(super) fn rows<'a>(leads: impl Iterator<Item = &'a Lead>) -> Vec<u8> {
    lines(leads.map(|lead| cells(lead).into_iter().map(defused).collect()))
}

fn cells(lead: &Lead) -> [String; 22] {
    let none = Utm::default();
    let utm = lead.utm.as_ref().unwrap_or(&none);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        lead.id.clone(),
        lead.email.clone(),
        list(&lead.alternate_emails),
        lead.status.as_str().to_owned(),
        lead.priority.as_str().to_owned(),
        lead.value.map(|value| value.to_string()).unwrap_or_default(),
        list(&lead.tags),
        lead.notes.clone(),
        lead.requirements.clone(),
        lead.first_message.clone(),
        lead.source.clone(),
        text(&lead.referrer),
        text(&utm.source),
        text(&utm.medium),
        text(&utm.campaign),
        lead.session_id.clone(),
        lead.conversation_count.to_string(),
        lead.first_contact.to_string(),
        lead.last_contact.to_string(),
        lead.follow_up_at.as_ref().map(Timestamp::to_string).unwrap_or_default(),
        lead.created_at.to_string(),
        lead.updated_at.to_string(),
    ]
}

fn lines(records: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // Into memory, with as many fields in each record: nothing can fail.
        let _ = writer.write_record(record);
    }
    writer.into_inner().unwrap_or_default()
}

/// Several values in one cell: a line of CSV again, so that a value may hold a comma.
fn list(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let line = lines([values.to_vec()]);
    String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()
}

/// The values of a cell written by [`list`] or by hand; white space around them does not count.
pub(super) fn read_list(cell: &str) -> Vec<String> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(cell.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// A cell that no spreadsheet takes for a formula: one that would be gets an apostrophe in front.
fn defused(cell: String) -> String {
    if is_formula(&cell) { format!("'{cell}") } else { cell }
}

/// The cell as it was before [`defused`].
pub(super) fn fused(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Whether a program may run the cell: it looks past white space and control characters for the sign of a formula,
/// full-width forms included.
fn is_formula(cell: &str) -> bool {
    let first = cell.chars().find(|c| !c.is_whitespace() && !c.is_control());
    let begins_blank = cell.starts_with(['\t', '\r', '\n']);
    matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
        || (begins_blank && first.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_read_back() {
        for formula in ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\u{1}=1", "＝1", "－x", "\n@x"] {
            let cell = defused(formula.to_owned());
            assert!(cell.starts_with('\''), "{formula:?}");
            assert_eq!(fused(&cell), formula);
        }
        for plain in ["", "a=1", "1", "'quoted'", "• One\n• Two", "jane@acme.com", "'"] {
            assert_eq!((defused(plain.to_owned()).as_str(), fused(plain)), (plain, plain));
        }
    }

    #[test]
    fn several_values_share_a_cell() {
        for values in [vec![], vec!["vip"], vec!["a,b", "say \"x\"", "c"]] {
            let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
            assert_eq!(read_list(&list(&values)), values);
        }
        assert_eq!(read_list(" vip , new "), ["vip", "new"]);
    }
}
