//! Reads the parameters of a query one by one and collects what is wrong with each.

use axum::http::Uri;
use porchlight_protocol::problem::{FieldError, Problem};

/// Names that would name a tenant, which the credential alone does.
const TENANT: [&str; 3] = ["adminId", "admin_id", "tenant"];

/// The parameters of one query, and the errors found in them so far.
pub struct Params {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Params {
    /// Reads the query of a request; bytes that are no UTF-8 become U+FFFD, which nothing is named by.
    pub fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self {
            pairs: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            known: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Takes a parameter that may be there once.
    pub fn one(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.refuse(name, "must be given once");
        }
        values.pop()
    }

    /// Takes a parameter that may be there once and gives it to `read`, whose error is the parameter's.
    pub fn read<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.one(name)?;
        read(&value).map_err(|error| self.refuse(name, error.to_string())).ok()
    }

    /// Takes a parameter that may repeat and hold several values between commas; empty ones do not count.
    pub fn list<T, E: ToString>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut list = Vec::new();
        for value in self.all(name).iter().flat_map(|value| value.split(',')).map(str::trim) {
            if value.is_empty() {
                continue;
            }
            match read(value) {
                Ok(value) => list.push(value),
                Err(error) => self.refuse(name, error.to_string()),
            }
        }
        list
    }

    /// Takes a parameter that may repeat and hold several texts between commas; as a text may hold commas itself, each
    /// value stands for itself too.
    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for value in self.all(name) {
            let parts = value.split(',').chain(value.contains(',').then_some(value.as_str()));
            texts.extend(parts.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned));
        }
        texts
    }

    /// Adds an error of the caller's own.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(name, message));
    }

    /// `Ok` when no error was found and nothing is left over that nobody has asked for.
    pub fn finish(mut self) -> Result<(), Problem> {
        let known = match self.known.is_empty() {
            true => "there are none".to_owned(),
            false => format!("the parameters are {}", self.known.join(", ")),
        };
        for (name, _) in std::mem::take(&mut self.pairs) {
            let message = match TENANT.contains(&name.as_str()) {
                true => "must not be sent; the credential names the business".to_owned(),
                false => format!("is not a parameter here; {known}"),
            };
            self.refuse(&name, message);
        }
        self.finish_leniently()
    }

    /// `Ok` when no error was found; parameters that nobody has asked for are ignored, but for a tenant.
    pub fn finish_leniently(mut self) -> Result<(), Problem> {
        if let Some(name) =
            TENANT.into_iter().find(|tenant| self.pairs.iter().any(|(name, _)| name == tenant))
        {
            self.refuse(name, "must not be sent; the credential names the business");
        }
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(self.errors)),
        }
    }

    fn all(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.pairs.extract_if(.., |pair| pair.0 == name).map(|pair| pair.1).collect()
    }
}

/// A whole number within bounds.
pub fn whole(text: &str, from: u64, to: u64) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("must be a whole number from {from} to {to}"))
}

/// What is said of a word that is none of those allowed.
pub fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("must be one of {}", words.collect::<Vec<_>>().join(", "))
}
