//! Keys, tokens and passwords: made from the system's randomness, kept as hashes.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use porchlight_protocol::ids::{AdminId, ApiKey, SessionId, SessionToken};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::store::KeyHash;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
pub struct NoRandomness;

/// `prefix` and so many random characters of base62.
pub fn random(prefix: &str, length: usize) -> Result<String, NoRandomness> {
    let mut text = prefix.to_owned();
    let mut bytes = [0; 64];
    while text.len() < prefix.len() + length {
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        // 248 is the largest multiple of 62 in a byte; what is above would favour the first characters.
        let fair =
            bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
        text.extend(fair.take(prefix.len() + length - text.len()));
    }
    Ok(text)
}

/// `prefix` and a ULID.
pub fn id(prefix: &str) -> String {
    format!("{prefix}{}", ulid::Ulid::generate())
}

/// `prefix` and 26 digits of Crockford's base 32, as new ids have, made of parts, none of which holds a NUL. The same
/// parts give the same id.
pub fn derived_id(prefix: &str, parts: &[&str]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = Sha256::digest(parts.join("\0"));
    let digits = hash.iter().take(26).map(|byte| char::from(DIGITS[usize::from(byte & 31)]));
    prefix.chars().chain(digits).collect()
}

/// The installation's secret, from which keys are hashed and tokens derived.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// The secret that a store holds.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Keyed hash of an API key. The keys are random, so a fast hash is enough.
    pub fn hash_key(&self, key: &ApiKey) -> KeyHash {
        KeyHash(self.mac(&["key", key.as_str()]).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The token of a session: made of its name, so that a retry gets the same one and none has to be kept.
    pub fn session_token(&self, admin: &AdminId, session: &SessionId) -> Option<SessionToken> {
        let digest = self.mac(&["session", admin.as_str(), session.as_str()]);
        format!("st_{}{admin}", URL_SAFE_NO_PAD.encode(digest)).parse().ok()
    }

    /// Whose session it is, if the token is that session's; compared in constant time.
    pub fn business_of(&self, token: &SessionToken, session: &SessionId) -> Option<AdminId> {
        let admin: AdminId = token.as_str().get("st_".len() + 43..)?.parse().ok()?;
        let right = self.session_token(&admin, session)?;
        let same: bool = right.as_str().as_bytes().ct_eq(token.as_str().as_bytes()).into();
        same.then_some(admin)
    }

    /// Whether a token is the session's, in constant time.
    pub fn is_token_of(&self, token: &SessionToken, admin: &AdminId, session: &SessionId) -> bool {
        self.business_of(token, session).as_ref() == Some(admin)
    }

    /// A signature over parts, for what the server hands out and wants back unchanged. No part holds a NUL, which
    /// keeps them apart.
    pub fn mac(&self, parts: &[&str]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        mac.update(parts.join("\0").as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// The PHC string (Argon2id) of a password.
pub fn hash_password(password: &str) -> Result<String, NoRandomness> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| NoRandomness)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_that_the_protocol_wants() {
        assert!(random("sk_", 40).unwrap().parse::<ApiKey>().is_ok());
        assert_ne!(random("pk_", 24).unwrap(), random("pk_", 24).unwrap());
    }

    #[test]
    fn a_token_opens_its_own_session_only() {
        let secret = Secret::new([7; 32]);
        let (admin, other): (AdminId, AdminId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let (session, else_where): (SessionId, SessionId) = ("s".parse().unwrap(), "t".parse().unwrap());
        let token = secret.session_token(&admin, &session).unwrap();
        assert_eq!(secret.business_of(&token, &session), Some(admin));
        assert_eq!(secret.business_of(&token, &else_where), None);
        let forged = token.as_str().strip_suffix('a').unwrap().to_owned() + other.as_str();
        assert_eq!(secret.business_of(&forged.parse().unwrap(), &session), None);
    }

    #[test]
    fn a_password_is_kept_as_argon2id() {
        assert!(hash_password("correct horse").unwrap().starts_with("$argon2id$"));
    }
}
