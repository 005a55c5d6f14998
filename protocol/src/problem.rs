//! What went wrong, as a caller sees it: `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

const UNSIGNED: &str = "urn:porchlight:problem:bad_signature";

/// A refused request. `code` is stable and for programs, `detail` is a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URN: which problem it is, where one code has several.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// Stable name of the kind of failure.
    pub code: String,
    /// The fields that are wrong; only for status 422.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait, for 429 and 503; travels in the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// One field of a request that is outside its bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name as it stands in the request.
    pub field: String,
    /// What the field must be.
    pub message: String,
}

impl FieldError {
    /// Says that `field` must be otherwise.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Problem {
    /// A problem of the given status and code, with a sentence for the caller.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:porchlight:problem:{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: the body is not JSON.
    pub fn malformed_json(detail: impl Into<String>) -> Self {
        Self::new(400, "malformed_json", "The body is not valid JSON", detail)
    }

    /// 401: not signed by the edge, or not rightly. Its `type` tells the edge that it is the edge's own fault.
    pub fn unsigned() -> Self {
        let detail = "Send visitors' requests through the edge; check its secret and its clock.";
        let title = "The request is not signed by the edge";
        Self { kind: UNSIGNED.to_owned(), ..Self::new(401, "unauthenticated", title, detail) }
    }

    /// Whether it is [`Problem::unsigned`].
    pub fn is_unsigned(&self) -> bool {
        self.kind == UNSIGNED
    }

    /// 401: no credential, or one that is not good; never says which.
    pub fn unauthenticated() -> Self {
        Self::new(401, "unauthenticated", "A valid credential is needed", "Send a valid credential.")
    }

    /// 403: the page's origin is not on the site's list.
    pub fn origin_not_allowed() -> Self {
        Self::new(
            403,
            "origin_not_allowed",
            "This origin may not use the site key",
            "Add the page's origin to the site's allowed origins.",
        )
    }

    /// 404: not there, or not yours; the two look the same.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, "not_found", "Not found", detail)
    }

    /// 405: the path is there, the method is not.
    pub fn method_not_allowed() -> Self {
        Self::new(
            405,
            "method_not_allowed",
            "Method not allowed",
            "See the Allow header for the methods of this path.",
        )
    }

    /// 409: the message id was used in this session with another text.
    pub fn message_id_reused() -> Self {
        Self::new(
            409,
            "message_id_reused",
            "The message id is taken",
            "This messageId was already used in this session with another text; give each message an id of its own.",
        )
    }

    /// 412: the lead has changed since the `ETag` was read.
    pub fn precondition_failed() -> Self {
        Self::new(
            412,
            "precondition_failed",
            "The lead has changed",
            "Read the lead again and repeat the change with its new ETag.",
        )
    }

    /// 413: more than `limit` bytes.
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(413, "body_too_large", "The body is too large", format!("Send at most {limit} bytes."))
    }

    /// 415: a body of another media type than JSON.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            415,
            "unsupported_media_type",
            "The body must be JSON",
            "Send the body as application/json, without a content encoding.",
        )
    }

    /// 422: fields are outside their bounds.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let names: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        let detail = format!("Correct these fields: {}.", names.join(", "));
        Self { errors, ..Self::new(422, "invalid", "The request has invalid fields", detail) }
    }

    /// 422 for one field.
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }

    /// 429: more than the quota; come back in so many seconds.
    pub fn too_many_requests(retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                429,
                "too_many_requests",
                "Too many requests",
                "Wait as long as Retry-After says, then send again.",
            )
        }
    }

    /// 500: a defect of ours; the cause is in the log.
    pub fn internal() -> Self {
        Self::new(
            500,
            "internal",
            "Internal error",
            "The request could not be handled; the failure has been logged.",
        )
    }

    /// 503: nothing was kept; send the same again in so many seconds.
    pub fn unavailable(retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                503,
                "unavailable",
                "Temporarily unavailable",
                "Send the same request again as Retry-After says.",
            )
        }
    }
}
