//! How the edge proves to the origin that a request comes from it.
//!
//! `X-Porchlight-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t.method.path-and-query.body)>`.
//! The shape follows Standard Webhooks: the time is signed too, and several `v1` may stand side by side while a
//! secret is being replaced.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The header that carries the signature.
pub const HEADER: &str = "x-porchlight-signature";

/// How far the signer's clock may be from ours, in seconds, either way.
pub const WINDOW_SECONDS: i64 = 300;

/// The request as it is signed. `target` is the path with its query, as sent.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// Upper-case HTTP method.
    pub method: &'a str,
    /// Path and query, as they stand in the request line.
    pub target: &'a str,
    /// The raw body, empty where there is none.
    pub body: &'a [u8],
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not of the form above.
    #[error("the signature header is malformed")]
    Malformed,
    /// The signing time is outside the window.
    #[error("the signature is older or newer than five minutes")]
    Stale,
    /// Another secret, or the request was changed on its way.
    #[error("the signature does not match the request")]
    Mismatch,
}

/// The header's value for a request signed at `now` (unix seconds).
pub fn sign(secret: &[u8], now: i64, request: SignedRequest<'_>) -> String {
    let digest = mac(secret, &now.to_string(), request).finalize().into_bytes();
    let mut value = format!("t={now},v1=");
    for byte in digest {
        value.push(hex_digit(byte >> 4));
        value.push(hex_digit(byte & 15));
    }
    value
}

/// Checks a header's value against the request, in constant time, at `now` (unix seconds).
pub fn verify(
    secret: &[u8],
    now: i64,
    header: &str,
    request: SignedRequest<'_>,
) -> Result<(), SignatureError> {
    let mut signed_at = None;
    let mut digests = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => signed_at = Some(value),
            Some(("v1", value)) => digests.push(unhex(value).ok_or(SignatureError::Malformed)?),
            _ => return Err(SignatureError::Malformed),
        }
    }
    let signed_at = signed_at.ok_or(SignatureError::Malformed)?;
    let seconds: i64 = signed_at.parse().map_err(|_| SignatureError::Malformed)?;
    if digests.is_empty() {
        return Err(SignatureError::Malformed);
    }
    if now.saturating_sub(seconds).saturating_abs() > WINDOW_SECONDS {
        return Err(SignatureError::Stale);
    }
    let expected = mac(secret, signed_at, request);
    match digests.iter().any(|digest| expected.clone().verify_slice(digest).is_ok()) {
        true => Ok(()),
        false => Err(SignatureError::Mismatch),
    }
}

fn mac(secret: &[u8], signed_at: &str, request: SignedRequest<'_>) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length");
    for part in [signed_at, ".", request.method, ".", request.target, "."] {
        mac.update(part.as_bytes());
    }
    mac.update(request.body);
    mac
}

fn hex_digit(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibbles: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let nibbles = nibbles?;
    (nibbles.len() % 2 == 0).then(|| nibbles.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: SignedRequest<'_> = SignedRequest { method: "POST", target: "/api/chat?a=1", body: b"{}" };

    #[test]
    fn matches_the_published_form() {
        // openssl: printf '1700000000.POST./api/chat?a=1.{}' | openssl dgst -sha256 -hmac s3cret
        let header = sign(b"s3cret", 1_700_000_000, REQUEST);
        assert_eq!(
            header,
            "t=1700000000,v1=c36d0a71c64a8c350b44c8647d5d22137c06af2caa3ca05dbe70a6138a1e5532"
        );
    }

    #[test]
    fn holds_within_the_window_only() {
        let header = sign(b"s", 1_000, REQUEST);
        for now in [700, 1_000, 1_300] {
            assert_eq!(verify(b"s", now, &header, REQUEST), Ok(()));
        }
        for now in [699, 1_301, i64::MIN, i64::MAX] {
            assert_eq!(verify(b"s", now, &header, REQUEST), Err(SignatureError::Stale));
        }
    }

    #[test]
    fn any_change_breaks_it() {
        let header = sign(b"s", 1_000, REQUEST);
        for changed in [
            SignedRequest { method: "GET", ..REQUEST },
            SignedRequest { target: "/api/chat", ..REQUEST },
            SignedRequest { body: b"{} ", ..REQUEST },
        ] {
            assert_eq!(verify(b"s", 1_000, &header, changed), Err(SignatureError::Mismatch));
        }
        assert_eq!(verify(b"other", 1_000, &header, REQUEST), Err(SignatureError::Mismatch));
        let retimed = header.replace("t=1000", "t=1001");
        assert_eq!(verify(b"s", 1_000, &retimed, REQUEST), Err(SignatureError::Mismatch));
    }

    #[test]
    fn one_good_signature_of_several_is_enough() {
        let old = sign(b"old", 1_000, REQUEST);
        let new = sign(b"new", 1_000, REQUEST);
        let both = format!("{old},{}", new.split_once(',').unwrap().1);
        assert_eq!(verify(b"new", 1_000, &both, REQUEST), Ok(()));
    }

    #[test]
    fn malformed_headers_are_told_apart() {
        for header in ["", "t=1", "v1=00", "t=x,v1=00", "t=1,v1=0", "t=1,v1=zz", "t=1,v1=é", "nonsense"] {
            assert_eq!(verify(b"s", 1, header, REQUEST), Err(SignatureError::Malformed), "{header}");
        }
    }
}
