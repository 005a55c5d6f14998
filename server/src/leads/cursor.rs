//! A place in a list, as a text that only its own list accepts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use porchlight_protocol::ids::AdminId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

use super::{LeadFilter, Sort};
use crate::keys::Secret;

/// The list that a cursor belongs to.
#[derive(Clone, Copy)]
pub(super) enum List<'a> {
    /// Leads: whose, which, in which order.
    Leads {
        /// The business.
        admin: &'a AdminId,
        /// Which leads.
        filter: &'a LeadFilter,
        /// In which order.
        sort: Sort,
    },
    /// The history of a lead.
    History {
        /// The business.
        admin: &'a AdminId,
        /// The lead's id.
        lead: &'a str,
    },
}

/// The cursor of a place: base64url of its JSON, a dot, and a signature over it and its list.
pub(super) fn write<P: Serialize>(secret: &Secret, list: List<'_>, place: &P) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).ok()?);
    let signature = URL_SAFE_NO_PAD.encode(signature(secret, list, &payload));
    Some(format!("{payload}.{signature}"))
}

/// The place that a cursor of this list stands for.
pub(super) fn read<P: DeserializeOwned>(
    secret: &Secret,
    list: List<'_>,
    cursor: &str,
) -> Result<P, &'static str> {
    let refused = "must be a nextCursor of this very list, with the same filters and order";
    let (payload, signed) = cursor.split_once('.').ok_or(refused)?;
    let signed = URL_SAFE_NO_PAD.decode(signed).map_err(|_| refused)?;
    if !bool::from(signature(secret, list, payload).as_slice().ct_eq(&signed)) {
        return Err(refused);
    }
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| refused)?;
    serde_json::from_slice(&json).map_err(|_| refused)
}

fn signature(secret: &Secret, list: List<'_>, payload: &str) -> [u8; 32] {
    match list {
        List::Leads { admin, filter, sort } => {
            // The debug form holds every condition, and a cursor need not outlive the program that made it. It escapes
            // NUL.
            let conditions = format!("{filter:?} {sort:?}");
            secret.mac(&["cursor", admin.as_str(), &conditions, payload])
        }
        List::History { admin, lead } => secret.mac(&["history cursor", admin.as_str(), lead, payload]),
    }
}
