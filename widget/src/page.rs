//! Time, chance and page for a new message.

use ulid::Ulid;

use crate::host;
use crate::json::Json;
use crate::outbox;
use crate::state::{Outgoing, Stamp};

/// What a message needs from outside.
pub(crate) fn stamp(site_key: &str) -> Stamp {
    let told = Json::of(host::stamp());
    let [high, middle, low] = ["high", "middle", "low"].map(|name| u128::from(told.whole(name)));
    let time = told.number("time").unwrap_or_default() as u64;
    let ulid = Ulid::from_parts(time, high << 48 | middle << 16 | low & 0xffff);
    Stamp {
        ulid: ulid.array_to_str(&mut [0; ulid::ULID_LEN]).to_owned(),
        session: outbox::session(),
        blank: Outgoing { site_key: site_key.to_owned(), ..outbox::read_outgoing(&told) },
    }
}
