//! The bodies of `PUT` and `DELETE`.

use porchlight_protocol::fields::Fields;
use porchlight_protocol::lead::{Priority, Status};
use porchlight_protocol::problem::Problem;
use porchlight_protocol::time::Timestamp;
use serde_json::Value;
use utoipa::ToSchema;

use super::LeadEdit;
use crate::params::Params;

const MAX_NOTES_CHARS: usize = 20_000;
const MAX_TAGS: usize = 50;
const MAX_TAG_CHARS: usize = 64;
const MAX_VALUE: f64 = 1e12;

/// Reads the body of a `PUT`: the lead's id, here or in the path, and what to change.
pub(super) fn parse_edit(path_id: Option<String>, body: &[u8]) -> Result<(String, LeadEdit), Problem> {
    let mut fields = Fields::parse(body)?;
    fields.refuse_tenant();
    let id = take_id(&mut fields, path_id);
    let edit = take_edit(&mut fields);
    refuse_rest(&mut fields);
    fields.finish()?;
    Ok((id, edit))
}

/// Takes what people may change; what is wrong is noted in `fields`.
pub(super) fn take_edit(fields: &mut Fields) -> LeadEdit {
    LeadEdit {
        status: take_word(fields, "status", Status::from_word, "new, contacted, qualified, converted, lost"),
        priority: take_word(fields, "priority", Priority::from_word, "low, medium, high"),
        notes: take_text(fields, "notes"),
        tags: take_tags(fields),
        value: take_clearable(fields, "value", read_value),
        requirements: take_text(fields, "requirements"),
        follow_up_at: take_clearable(fields, "followUpAt", read_moment),
    }
}

/// What to change. Fields that are missing are left alone.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({ "status": "qualified", "notes": "Ready for a demo", "value": 5000 }))]
#[expect(dead_code, reason = "read by the document alone")]
pub(super) struct EditBody {
    /// The lead, here or in the path; `_id` will do as well.
    lead_id: Option<String>,
    #[schema(nullable = false)]
    status: Option<Status>,
    #[schema(nullable = false)]
    priority: Option<Priority>,
    #[schema(nullable = false, max_length = 20_000)]
    notes: Option<String>,
    /// In place of all tags: trimmed, without repeats, at most 50 of 1 to 64 characters.
    #[schema(nullable = false, max_items = 50)]
    tags: Option<Vec<String>>,
    /// At most two decimals; null clears it.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    value: Option<f64>,
    /// A person's words, which no machine replaces.
    #[schema(nullable = false, max_length = 20_000)]
    requirements: Option<String>,
    /// Null clears it.
    follow_up_at: Option<Timestamp>,
}

/// Which lead to delete, and how.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "read by the document alone")]
pub(super) struct DeletionBody {
    /// The lead, here, in the query or in the path; `_id` will do as well.
    lead_id: Option<String>,
    /// Whether its conversations and history go too.
    erase: Option<bool>,
}

/// What to delete.
#[derive(Debug, PartialEq)]
pub(super) struct Deletion {
    /// The lead.
    pub id: String,
    /// Whether its conversations go too.
    pub erase: bool,
}

/// Reads a `DELETE`: its path, its query and its body, which may be empty.
pub(super) fn parse_deletion(
    path_id: Option<String>,
    mut params: Params,
    body: &[u8],
) -> Result<Deletion, Problem> {
    let query_id = params.one("leadId");
    if let (Some(path), Some(query)) = (&path_id, &query_id)
        && path != query
    {
        params.refuse("leadId", "must be the lead of the path");
    }
    let query_erase = params.read("erase", |text| text.parse::<bool>().map_err(|_| "must be true or false"));
    params.finish()?;
    let mut fields = Fields::parse(if body.is_empty() { b"{}" } else { body })?;
    fields.refuse_tenant();
    let id = take_id(&mut fields, path_id.or(query_id));
    let body_erase = match fields.take("erase") {
        None => None,
        Some(Value::Bool(erase)) => Some(erase),
        Some(_) => {
            fields.refuse("erase", "must be true or false");
            None
        }
    };
    refuse_rest(&mut fields);
    fields.finish()?;
    Ok(Deletion { id, erase: query_erase == Some(true) || body_erase == Some(true) })
}

/// The lead's id as `leadId` or `_id`; all that are there must be the same. Empty when an error was noted.
fn take_id(fields: &mut Fields, outside: Option<String>) -> String {
    let mut id = outside;
    let mut refused = false;
    for name in ["leadId", "_id"] {
        if !fields.has(name) {
            continue;
        }
        let problem = match (fields.take(name), &id) {
            (Some(Value::String(named)), None) => {
                id = Some(named);
                continue;
            }
            (Some(Value::String(named)), Some(known)) if named == *known => continue,
            (Some(Value::String(_)), Some(_)) => "must be the same lead as elsewhere in the request",
            _ => "must be a string",
        };
        fields.refuse(name, problem);
        refused = true;
    }
    id.unwrap_or_else(|| {
        if !refused {
            fields.refuse("leadId", "is required");
        }
        String::new()
    })
}

fn refuse_rest(fields: &mut Fields) {
    let unknown: Vec<String> = fields.rest().filter(|name| !is_tenant(name)).map(str::to_owned).collect();
    for name in unknown {
        fields.refuse(&name, "is not a field that can be sent here");
    }
}

/// Tenants have been refused with a reason of their own.
fn is_tenant(name: &str) -> bool {
    ["adminId", "admin_id", "tenant"].contains(&name)
}

/// Takes a field; `null` is an error where it clears nothing.
fn take_present(fields: &mut Fields, name: &str) -> Option<Value> {
    let present = fields.has(name);
    let value = fields.take(name);
    if present && value.is_none() {
        fields.refuse(name, "must not be null");
    }
    value
}

fn take_word<T>(fields: &mut Fields, name: &str, read: fn(&str) -> Option<T>, words: &str) -> Option<T> {
    let value = take_present(fields, name)?;
    let word = value.as_str().and_then(read);
    if word.is_none() {
        fields.refuse(name, format!("must be one of {words}"));
    }
    word
}

fn take_text(fields: &mut Fields, name: &str) -> Option<String> {
    match take_present(fields, name)? {
        Value::String(text) if text.chars().count() <= MAX_NOTES_CHARS => Some(text),
        _ => {
            fields.refuse(name, format!("must be a string of at most {MAX_NOTES_CHARS} characters"));
            None
        }
    }
}

fn take_tags(fields: &mut Fields) -> Option<Vec<String>> {
    let value = take_present(fields, "tags")?;
    let tags = read_tags(&value);
    if tags.is_none() {
        let message =
            format!("must be a list of at most {MAX_TAGS} texts of 1 to {MAX_TAG_CHARS} characters");
        fields.refuse("tags", message);
    }
    tags
}

fn read_tags(value: &Value) -> Option<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for tag in value.as_array()? {
        let tag = tag.as_str()?.trim();
        if !(1..=MAX_TAG_CHARS).contains(&tag.chars().count()) {
            return None;
        }
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    (tags.len() <= MAX_TAGS).then_some(tags)
}

/// Takes a field whose `null` clears.
fn take_clearable<T>(
    fields: &mut Fields,
    name: &str,
    read: fn(&Value) -> Result<T, &'static str>,
) -> Option<Option<T>> {
    if !fields.has(name) {
        return None;
    }
    let Some(value) = fields.take(name) else { return Some(None) };
    match read(&value) {
        Ok(value) => Some(Some(value)),
        Err(message) => {
            fields.refuse(name, message);
            None
        }
    }
}

fn read_value(value: &Value) -> Result<f64, &'static str> {
    let refused = "must be a number from 0 to 1000000000000 with at most two decimals, or null";
    let number = value.as_f64().filter(|number| (0.0..=MAX_VALUE).contains(number)).ok_or(refused)?;
    let cents = (number * 100.0).round();
    // Two decimals are exact when the nearest whole cent is this very number; it also makes -0 plain 0.
    if cents / 100.0 == number { Ok(cents.abs() / 100.0) } else { Err(refused) }
}

fn read_moment(value: &Value) -> Result<Timestamp, &'static str> {
    value.as_str().and_then(Timestamp::parse).ok_or("must be an RFC 3339 time or null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_at_most_two_decimals() {
        for (text, cents) in [
            ("0", 0.0),
            ("-0.0", 0.0),
            ("0.1", 10.0),
            ("19.99", 1999.0),
            ("1e12", 1e14),
            ("999999999999.99", 99999999999999.0),
        ] {
            let value = serde_json::from_str(text).unwrap();
            assert_eq!(read_value(&value).map(|value| (value * 100.0).round()), Ok(cents), "{text}");
        }
        for text in ["-1", "0.001", "1000000000000.01", "1e13", "\"1\"", "true", "[]", "19.999"] {
            assert!(read_value(&serde_json::from_str(text).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_deletion_names_one_lead() {
        let params = |query: &str| Params::of(&format!("/?{query}").parse().unwrap());
        let found = parse_deletion(None, params("leadId=a&erase=true"), b"").unwrap();
        assert_eq!(found, Deletion { id: "a".into(), erase: true });
        let found = parse_deletion(Some("a".into()), params(""), b"{\"leadId\": \"a\"}").unwrap();
        assert_eq!(found, Deletion { id: "a".into(), erase: false });
        for (query, body) in [("erase=false", r#"{"erase":true}"#), ("erase=true", r#"{"erase":false}"#)] {
            let found = parse_deletion(Some("a".into()), params(query), body.as_bytes()).unwrap();
            assert!(found.erase, "{query} {body}: either of them will do");
        }
        for (query, body) in [
            ("", ""),
            ("leadId=a", "{\"leadId\": \"b\"}"),
            ("erase=yes&leadId=a", ""),
            ("leadId=a&x=1", ""),
            ("", "{\"leadId\": {\"$ne\": 1}}"),
        ] {
            assert_eq!(
                parse_deletion(None, params(query), body.as_bytes()).unwrap_err().status,
                422,
                "{query} {body}"
            );
        }
    }
}
