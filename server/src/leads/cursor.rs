//! A place in a list, as a text that only its own list accepts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use porchlight_protocol::ids::AdminId;
use subtle::ConstantTimeEq;

use super::{LeadFilter, Place, Sort, SortField, SortKey};
use crate::keys::Secret;

/// The list that a cursor belongs to: whose, which leads, in which order.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    /// The business.
    pub admin: &'a AdminId,
    /// Which leads.
    pub filter: &'a LeadFilter,
    /// In which order.
    pub sort: Sort,
}

/// The cursor of a place: base64url of its JSON, a dot, and a signature over it and its list.
pub(super) fn write(secret: &Secret, list: List<'_>, place: &Place) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).ok()?);
    let signature = URL_SAFE_NO_PAD.encode(signature(secret, list, &payload));
    Some(format!("{payload}.{signature}"))
}

/// The place that a cursor of this list stands for.
pub(super) fn read(secret: &Secret, list: List<'_>, cursor: &str) -> Result<Place, &'static str> {
    let refused = "must be a nextCursor of this very list, with the same filters and order";
    let (payload, signed) = cursor.split_once('.').ok_or(refused)?;
    let signed = URL_SAFE_NO_PAD.decode(signed).map_err(|_| refused)?;
    if !bool::from(signature(secret, list, payload).as_slice().ct_eq(&signed)) {
        return Err(refused);
    }
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| refused)?;
    let place: Place = serde_json::from_slice(&json).map_err(|_| refused)?;
    let is_text = matches!(place.key, SortKey::Text(_));
    if is_text == (list.sort.field == SortField::Email) { Ok(place) } else { Err(refused) }
}

fn signature(secret: &Secret, list: List<'_>, payload: &str) -> [u8; 32] {
    // The debug form holds every condition, and a cursor need not outlive the program that made it. It escapes NUL.
    let conditions = format!("{:?} {:?}", list.filter, list.sort);
    secret.mac(&["cursor", list.admin.as_str(), &conditions, payload])
}
