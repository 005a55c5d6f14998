//! Reads the fields of a JSON object one by one and collects what is wrong with each.

use serde_json::{Map, Value};

use crate::problem::{FieldError, Problem};

/// The fields of one JSON object, and the errors found in them so far.
pub struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Parses a body that must be one JSON object: 400 when it is no JSON, 422 when it is something else.
    ///
    /// Invalid UTF-8, lone surrogates, numbers out of range and nesting deeper than 128 are no JSON here.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            Problem::malformed_json(format!(
                "Send one JSON object; this stops being JSON at line {}, column {}.",
                error.line(),
                error.column()
            ))
        })?;
        match value {
            Value::Object(object) => Ok(Self { object, errors: Vec::new() }),
            _ => Err(Problem::invalid_field("body", "must be a JSON object")),
        }
    }

    /// Fields that came from elsewhere than a JSON body.
    pub fn of(object: Map<String, Value>) -> Self {
        Self { object, errors: Vec::new() }
    }

    /// Adds an error of the caller's own.
    pub fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// Whether an error was found in the field.
    pub fn failed(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }

    /// Whether the field is there, `null` included.
    pub fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Takes a field out as it is; `None` when it is missing or `null`.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.object.remove(field).filter(|value| !value.is_null())
    }

    /// Takes a text; a missing one or `null` is `None`, another type is an error.
    pub fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.refuse(field, "must be a string");
                None
            }
        }
    }

    /// Takes a text of at most `limit` characters.
    pub fn short_text(&mut self, field: &str, limit: usize) -> Option<String> {
        let text = self.text(field)?;
        if text.chars().count() > limit {
            self.refuse(field, format!("must have at most {limit} characters"));
            return None;
        }
        Some(text)
    }

    /// Takes a text and gives it to `read`, whose error is the field's.
    pub fn read<T, E: ToString>(
        &mut self,
        field: &str,
        read: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(field)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(field, error.to_string());
                None
            }
        }
    }

    /// Says so when a field that must be there is not; a field that is there but wrong has been reported already.
    pub fn require(&mut self, field: &str) {
        if self.object.get(field).is_none_or(Value::is_null) {
            self.refuse(field, "is required");
        }
    }

    /// Refuses a tenant named in the body: the tenant comes from the credential alone.
    pub fn refuse_tenant(&mut self) {
        for field in ["adminId", "admin_id", "tenant"] {
            if self.has(field) {
                self.refuse(field, "must not be sent; the credential names the business");
            }
        }
    }

    /// The names that nobody has taken.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        self.object.keys().map(String::as_str)
    }

    /// `Ok` when no error was found, else the problem that lists them all.
    pub fn finish(self) -> Result<(), Problem> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.errors)),
        }
    }
}
