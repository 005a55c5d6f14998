//! Ids and keys: one newtype each, one door in, so that nobody checks twice.

use serde::{Deserialize, Serialize};

/// Why a text is not an id or a key of the wanted kind; the message says what one looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IdError(&'static str);

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $valid:path, $pattern:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = $pattern))]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                if $valid(&text) { Ok(Self(text)) } else { Err(IdError($expected)) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_newtype!(
    /// A tenant: one business. 1 to 64 of `[A-Za-z0-9_-]`; new ones are `admin_` and a ULID.
    AdminId, is_id, r"^[A-Za-z0-9_-]{1,64}$", "must be 1 to 64 letters, digits, _ or -"
);
text_newtype!(
    /// One conversation in one browser, named by the widget. 1 to 64 of `[A-Za-z0-9_-]`.
    SessionId, is_id, r"^[A-Za-z0-9_-]{1,64}$", "must be 1 to 64 letters, digits, _ or -"
);
text_newtype!(
    /// One message, named by its author, unique within its session: the idempotency key. 1 to 64 of `[A-Za-z0-9_-]`.
    MessageId, is_id, r"^[A-Za-z0-9_-]{1,64}$", "must be 1 to 64 letters, digits, _ or -"
);
text_newtype!(
    /// The public key in the script tag: `pk_` and 24 of base62. It may append visitor messages and read the
    /// widget's look, nothing else.
    SiteKey, is_site_key, r"^pk_[A-Za-z0-9]{24}$", "must be pk_ and 24 letters or digits, as shown by `porchlight admin create`"
);
text_newtype!(
    /// The secret key of a business: `sk_` and 40 of base62. Kept as a hash only.
    ApiKey, is_api_key, r"^sk_[A-Za-z0-9]{40}$", "must be sk_ and 40 letters or digits"
);
text_newtype!(
    /// The only key to a session's history: `st_`, 43 of base64url (256 bits) and the business's id.
    SessionToken, is_session_token, r"^st_.+$", "must be a session token as the server gave it"
);

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(is_id_byte)
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_site_key(text: &str) -> bool {
    is_prefixed_base62(text, "pk_", 24)
}

fn is_api_key(text: &str) -> bool {
    is_prefixed_base62(text, "sk_", 40)
}

fn is_session_token(text: &str) -> bool {
    text.strip_prefix("st_")
        .is_some_and(|rest| (44..=43 + 64).contains(&rest.len()) && rest.bytes().all(is_id_byte))
}

fn is_prefixed_base62(text: &str, prefix: &str, length: usize) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == length && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_their_bounds() {
        let longest = "a".repeat(64);
        for good in ["a", "sess_01J-x", longest.as_str()] {
            assert!(good.parse::<SessionId>().is_ok(), "{good}");
        }
        let too_long = "a".repeat(65);
        for bad in ["", "a b", "a.b", "$a", "é", "a\0", too_long.as_str()] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_their_prefix_and_length() {
        assert!("pk_abcdefghijklmnopqrstuvwx".parse::<SiteKey>().is_ok());
        assert!("pk_abcdefghijklmnopqrstuvw".parse::<SiteKey>().is_err());
        assert!("sk_abcdefghijklmnopqrstuvwx".parse::<SiteKey>().is_err());
        assert!(format!("sk_{}", "0".repeat(40)).parse::<ApiKey>().is_ok());
        assert!(format!("st_{}a", "-".repeat(43)).parse::<SessionToken>().is_ok());
    }
}
