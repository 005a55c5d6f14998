//! Instants as they travel: RFC 3339 in UTC with milliseconds.

use chrono::{DateTime, Datelike, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment, in whole milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-01-30T10:00:00.000Z"))]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off. In UTC, too, the year must have
    /// four digits.
    pub fn parse(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        (0..=9999).contains(&moment.year()).then(|| Self(moment.timestamp_millis()))
    }

    /// The same, but what is finer than a millisecond is rounded up to the next one.
    pub fn parse_up(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        let finer = i64::from(moment.timestamp_subsec_nanos() % 1_000_000 > 0);
        Self::parse(text).map(|whole| whole.plus_millis(finer))
    }

    /// This moment moved by so many milliseconds, at the ends of the range standing still.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let moment = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("must be an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_utc_with_milliseconds() {
        let moment = Timestamp::parse("2026-01-30T12:00:00.1239+02:00").unwrap();
        assert_eq!(moment.to_string(), "2026-01-30T10:00:00.123Z");
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
    }

    #[test]
    fn refuses_what_is_no_time() {
        let without_year = ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"];
        for text in ["", "2026-01-30", "yesterday", "2026-02-30T00:00:00Z"].into_iter().chain(without_year) {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert!(Timestamp::parse("9999-12-31T23:59:59Z").is_some());
    }

    #[test]
    fn a_bound_is_rounded_up() {
        let up = |text| Timestamp::parse_up(text).unwrap().to_string();
        assert_eq!(up("2026-01-30T10:00:00.1230000Z"), "2026-01-30T10:00:00.123Z");
        assert_eq!(up("2026-01-30T10:00:00.123000001Z"), "2026-01-30T10:00:00.124Z");
    }
}
