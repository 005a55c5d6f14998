//! Which pages may use a site key, and what they are allowed to ask: edge and server hold the same rules.

use url::{Origin, Url};

/// What a preflight is told.
pub const ALLOWED_METHODS: &str = "GET, POST, DELETE";
/// The headers that a page may send.
pub const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, Last-Event-ID, X-Request-Id";
/// The headers that a page may read.
pub const EXPOSED_HEADERS: &str = "X-Request-Id, Retry-After, ETag";
/// For how many seconds a browser may believe a preflight.
pub const PREFLIGHT_SECONDS: &str = "86400";

/// The header in which the server tells its edge a site's allowed origins, with spaces between them. The edge asks
/// for it with the same header, which counts only in what it has signed.
pub const SITE_HEADER: &str = "x-porchlight-origins";

/// Whether a request of this `Origin` may use a site: exact scheme, host and port, or a subdomain of
/// `https://*.acme.com`; an empty list allows all, also requests without an origin.
pub fn is_allowed(allowed: &[String], origin: Option<&str>) -> bool {
    if allowed.is_empty() {
        return true;
    }
    let Some(origin) = origin else { return false };
    allowed.iter().any(|pattern| match pattern.split_once("://*.") {
        None => pattern == origin,
        Some((scheme, domain)) => {
            let host = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
            let subdomain =
                host.and_then(|host| host.strip_suffix(domain)).and_then(|sub| sub.strip_suffix('.'));
            subdomain.is_some_and(|sub| {
                !sub.is_empty() && sub.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
            })
        }
    })
}

/// Reads an allowed origin as a person writes it; gives the form that browsers send.
pub fn parse_allowed(text: &str) -> Result<String, String> {
    let refused = || {
        format!(
            "{text:?} is no origin; write one like https://www.acme.com, http://localhost:3000 or https://*.acme.com"
        )
    };
    let (plain, wildcard) = match text.strip_prefix("https://*.") {
        Some(domain) => (format!("https://{domain}"), true),
        None => (text.to_owned(), false),
    };
    let url = Some(plain.as_str()).filter(|plain| !plain.contains('*')).map(Url::parse);
    let url = url.and_then(Result::ok).ok_or_else(refused)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    match url.origin() {
        origin @ Origin::Tuple(..) if bare && anonymous && matches!(url.scheme(), "http" | "https") => {
            let origin = origin.ascii_serialization();
            Ok(if wildcard { origin.replacen("https://", "https://*.", 1) } else { origin })
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_exactly_but_for_subdomains() {
        let list =
            ["https://acme.com".to_owned(), "https://*.acme.com".to_owned(), "http://a.test:81".to_owned()];
        for good in ["https://acme.com", "https://www.acme.com", "https://a.b.acme.com", "http://a.test:81"] {
            assert!(is_allowed(&list, Some(good)), "{good}");
        }
        let bad = [
            "http://acme.com",
            "https://acme.com:8443",
            "https://acme.com.evil.com",
            "https://evilacme.com",
            "null",
            "https://ACME.com",
            "https://acme.com.",
            "https://.acme.com",
            "https://evil.com/.acme.com",
            "http://a.test",
            "https://user@x.acme.com",
            "",
        ];
        for origin in bad {
            assert!(!is_allowed(&list, Some(origin)), "{origin}");
        }
        assert!(!is_allowed(&list, None));
        assert!(is_allowed(&[], None));
    }

    #[test]
    fn an_allowed_origin_is_kept_as_browsers_send_it() {
        for (written, kept) in [
            ("https://Acme.com/", "https://acme.com"),
            ("https://acme.com:443", "https://acme.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://*.Acme.com", "https://*.acme.com"),
        ] {
            assert_eq!(parse_allowed(written).as_deref(), Ok(kept), "{written}");
        }
        for bad in [
            "acme.com",
            "ftp://acme.com",
            "https://acme.com/shop",
            "http://*.acme.com",
            "*",
            "null",
            "",
            "https://*.",
        ] {
            assert!(parse_allowed(bad).is_err(), "{bad}");
        }
    }
}
