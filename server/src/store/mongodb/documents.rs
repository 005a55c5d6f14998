//! Documents to and from what the program speaks of. Field names are the contract's.
//!
//! Messages are read leniently: documents from before this system may lack almost everything.

use chrono::{NaiveDate, NaiveDateTime};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::raw::cstr;
use mongodb::bson::{
    Bson, DateTime, Document, RawArrayBuf, RawBson, RawDocumentBuf, deserialize_from_bson, doc, rawdoc,
    serialize_to_bson, serialize_to_raw_document_buf,
};
use mongodb::error::Error;
use porchlight_protocol::capture::Source;
use porchlight_protocol::lead::{Lead, Priority, Status};
use porchlight_protocol::time::Timestamp;

use super::Result;
use crate::conversation::{self, DrawnOut, FirstReply, Message, Page, Tag};
use crate::leads::{LeadEvent, LeadRecord, RequirementsBy};

pub(super) fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.millis())
}

/// A new message of `admin` as it is kept.
pub(super) fn new_message(
    id: &Bson,
    admin: &str,
    message: &Message,
    now: Timestamp,
) -> Result<RawDocumentBuf> {
    let tag = message.tag.as_ref();
    let mut document = rawdoc! {
        "_id": RawBson::try_from(id.clone())?,
        "adminId": admin,
        "sessionId": message.session_id.as_str(),
        "messageId": message.message_id.as_str(),
        "seq": i64::from(message.seq),
        "role": message.role.as_str(),
        "text": message.text.as_str(),
        "pageUrl": message.page.url.as_str(),
        "createdAt": date(message.at),
    };
    let optional = [
        (cstr!("pageTitle"), message.page.title.as_deref()),
        (cstr!("referrer"), message.page.referrer.as_deref()),
        (cstr!("locale"), message.page.locale.as_deref()),
        (cstr!("timeZone"), message.page.time_zone.as_deref()),
        (cstr!("replyTo"), message.reply_to.as_deref()),
        (cstr!("email"), tag.map(|tag| tag.email.as_str())),
        (cstr!("requirements"), tag.map(|tag| tag.requirements.as_str())),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            document.append(name, value);
        }
    }
    if !message.addresses.is_empty() {
        document
            .append(cstr!("addresses"), RawArrayBuf::from_iter(message.addresses.iter().map(String::as_str)));
    }
    if !message.sources.is_empty() {
        document.append(cstr!("sources"), RawArrayBuf::from_iter(message.sources.iter().map(of_source)));
    }
    if message.opened {
        document.append(cstr!("opened"), true);
    }
    if message.owed {
        document.append(cstr!("owed"), true);
    }
    if let Some(edge) = &message.edge {
        document.append(cstr!("edge"), serialize_to_raw_document_buf(edge)?);
    }
    if message.pending {
        document.append(cstr!("pending"), date(now));
    }
    Ok(document)
}

pub(super) fn of_drawn_out(drawn: &DrawnOut) -> Document {
    doc! { "of": i64::from(drawn.of), "beside": &drawn.beside, "text": &drawn.text }
}

/// Of how many messages something was drawn out that stands at this one.
pub(super) fn drawn_out_of(message: &Document) -> Option<u32> {
    let drawn = message.get_document("drawnOut").ok()?;
    u32::try_from(whole(drawn.get("of"))?).ok()
}

fn drawn_out(message: &Document) -> Option<DrawnOut> {
    let text = |name: &str| message.get_document("drawnOut").ok()?.get_str(name).ok().map(str::to_owned);
    Some(DrawnOut { of: drawn_out_of(message)?, beside: text("beside")?, text: text("text")? })
}

/// Reads a message; whatever is missing or of another type is empty.
pub(super) fn message(document: &Document) -> Message {
    let text = |name: &str| document.get_str(name).ok().map(str::to_owned);
    let edge = document.get("edge").cloned();
    let elsewhere = !document.contains_key("seq");
    let message = Message {
        session_id: text("sessionId").unwrap_or_default(),
        message_id: text("messageId").unwrap_or_default(),
        seq: whole(document.get("seq")).and_then(|seq| u32::try_from(seq).ok()).unwrap_or_default(),
        role: conversation::role_of(document.get_str("role").unwrap_or_default()),
        text: ["text", "message", "content"].into_iter().find_map(text).unwrap_or_default(),
        page: Page {
            url: text("pageUrl").unwrap_or_default(),
            title: text("pageTitle"),
            referrer: text("referrer"),
            locale: text("locale"),
            time_zone: text("timeZone"),
        },
        at: moment(document.get("createdAt")).unwrap_or(Timestamp::from_millis(0)),
        addresses: texts(document.get("addresses")),
        reply_to: text("replyTo"),
        opened: document.get_bool("opened").unwrap_or_default(),
        owed: document.get_bool("owed").unwrap_or_default(),
        edge: edge.and_then(|edge| deserialize_from_bson(edge).ok()),
        drawn_out: drawn_out(document),
        sources: sources(document.get("sources")),
        tag: text("email").map(|email| Tag { email, requirements: text("requirements").unwrap_or_default() }),
        pending: document.contains_key("pending"),
        old: elsewhere && !document.contains_key("migrated"),
    };
    if elsewhere { message.with_old_addresses() } else { message }
}

/// Whether what may change of a message is as it is known; the other fields need not be there.
pub(super) fn is_unchanged(known: &Message, document: &Document) -> bool {
    let is = |name: &str, value: Option<&str>| document.get_str(name).ok() == value;
    is("email", known.tag.as_ref().map(|tag| tag.email.as_str()))
        && is("requirements", known.tag.as_ref().map(|tag| tag.requirements.as_str()))
        && document.contains_key("pending") == known.pending
        && drawn_out(document) == known.drawn_out
}

fn of_source(source: &Source) -> RawDocumentBuf {
    rawdoc! { "title": source.title.as_str(), "url": source.url.as_deref().map_or(RawBson::Null, RawBson::from) }
}

fn sources(value: Option<&Bson>) -> Vec<Source> {
    let all = value.cloned().and_then(|value| deserialize_from_bson(value).ok());
    all.unwrap_or_default()
}

pub(super) fn whole(value: Option<&Bson>) -> Option<i64> {
    match value? {
        Bson::Int32(number) => Some((*number).into()),
        Bson::Int64(number) => Some(*number),
        Bson::Double(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}

pub(super) fn moment(value: Option<&Bson>) -> Option<Timestamp> {
    match value? {
        Bson::DateTime(date) => Some(Timestamp::from_millis(date.timestamp_millis())),
        Bson::Int64(millis) => Some(Timestamp::from_millis(*millis)),
        Bson::Double(millis) => Some(Timestamp::from_millis(*millis as i64)),
        Bson::String(text) => Timestamp::parse(text).or_else(|| without_zone(text)),
        _ => None,
    }
}

/// A date, with or without a time of day, in UTC: what the database's own `$convert` takes it for.
fn without_zone(text: &str) -> Option<Timestamp> {
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(Timestamp::from_millis(time.and_utc().timestamp_millis()))
}

fn texts(value: Option<&Bson>) -> Vec<String> {
    let Some(Bson::Array(values)) = value else { return Vec::new() };
    values.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}

/// A lead as it is kept: the brief's fields, and what the store needs to find it and keep it exact.
pub(super) fn of_lead(record: &LeadRecord) -> Result<Document> {
    let lead = &record.lead;
    let mut document = doc! {
        "_id": object_id(&lead.id)?,
        "adminId": lead.admin_id.as_str(),
        "email": &lead.email,
        "requirements": &lead.requirements,
        "sessionId": &lead.session_id,
        "sessionIds": &lead.session_ids,
        "status": lead.status.as_str(),
        "source": &lead.source,
        "firstMessage": &lead.first_message,
        "firstContact": date(lead.first_contact),
        "lastContact": date(lead.last_contact),
        "conversationCount": lead.conversation_count as i64,
        "tags": &lead.tags,
        "notes": &lead.notes,
        "value": lead.value,
        "priority": lead.priority.as_str(),
        "alternateEmails": &lead.alternate_emails,
        "followUpAt": lead.follow_up_at.map(date),
        "referrer": &lead.referrer,
        "utm": lead.utm.as_ref().map(serialize_to_bson).transpose()?,
        "createdAt": date(lead.created_at),
        "updatedAt": date(lead.updated_at),
        "version": record.version,
        "valueCents": record.value_cents(),
    };
    match &record.requirements_by {
        RequirementsBy::Person => document.insert("requirementsBy", "person"),
        RequirementsBy::Machine { session_id, at } if !session_id.is_empty() => {
            document.insert("requirementsBy", doc! { "sessionId": session_id, "at": date(*at) })
        }
        RequirementsBy::Machine { .. } => None,
    };
    if let Some(at) = record.contacted_at {
        document.insert("contactedAt", date(at));
    }
    if let Some(reply) = record.first_reply {
        let reply = doc! { "asked": date(reply.asked), "answered": date(reply.answered) };
        document.insert("firstReply", reply);
    }
    if !record.events.is_empty() {
        let events: Vec<Document> = record.events.iter().map(of_event).collect::<Result<_>>()?;
        document.insert("events", events);
    }
    Ok(document)
}

/// An entry of a lead's history, without whose it is.
pub(super) fn of_event(event: &LeadEvent) -> Result<Document> {
    Ok(doc! {
        "version": event.version,
        "at": date(event.at),
        "who": &event.who,
        "changes": serialize_to_bson(&event.changes)?,
    })
}

pub(super) fn event(document: &Document) -> Result<LeadEvent> {
    let changes = document.get("changes").cloned().ok_or_else(|| unreadable("changes"))?;
    Ok(LeadEvent {
        version: whole(document.get("version")).ok_or_else(|| unreadable("version"))?,
        at: moment(document.get("at")).ok_or_else(|| unreadable("at"))?,
        who: document.get_str("who").unwrap_or_default().to_owned(),
        changes: deserialize_from_bson(changes)?,
    })
}

pub(super) fn first_reply(document: &Document) -> Option<FirstReply> {
    let reply = document.get_document("firstReply").ok()?;
    Some(FirstReply { asked: moment(reply.get("asked"))?, answered: moment(reply.get("answered"))? })
}

/// Reads a lead; one that lacks what makes it a lead is an error.
pub(super) fn lead(document: &Document) -> Result<LeadRecord> {
    let text = |name: &str| document.get_str(name).unwrap_or_default().to_owned();
    let time = |name: &'static str| moment(document.get(name)).ok_or_else(|| unreadable(name));
    let created_at = time("createdAt")?;
    let requirements_by = match document.get("requirementsBy") {
        Some(Bson::String(_)) => RequirementsBy::Person,
        Some(Bson::Document(by)) => RequirementsBy::Machine {
            session_id: by.get_str("sessionId").unwrap_or_default().to_owned(),
            at: moment(by.get("at")).ok_or_else(|| unreadable("requirementsBy"))?,
        },
        _ => RequirementsBy::nobody(),
    };
    let events = document.get_array("events").map(Vec::as_slice).unwrap_or_default();
    Ok(LeadRecord {
        lead: Lead {
            id: document.get_object_id("_id").map_err(|_| unreadable("_id"))?.to_hex(),
            admin_id: text("adminId").parse().map_err(|_| unreadable("adminId"))?,
            email: text("email"),
            requirements: text("requirements"),
            session_id: text("sessionId"),
            session_ids: texts(document.get("sessionIds")),
            status: Status::from_word(&text("status")).ok_or_else(|| unreadable("status"))?,
            source: text("source"),
            first_message: text("firstMessage"),
            first_contact: created_at,
            last_contact: time("lastContact")?,
            conversation_count: whole(document.get("conversationCount")).unwrap_or_default().unsigned_abs(),
            tags: texts(document.get("tags")),
            notes: text("notes"),
            value: match document.get("value") {
                Some(Bson::Double(value)) => Some(*value),
                other => whole(other).map(|value| value as f64),
            },
            priority: Priority::from_word(&text("priority")).ok_or_else(|| unreadable("priority"))?,
            alternate_emails: texts(document.get("alternateEmails")),
            follow_up_at: moment(document.get("followUpAt")),
            referrer: document.get_str("referrer").ok().map(str::to_owned),
            utm: document.get("utm").cloned().and_then(|utm| deserialize_from_bson(utm).ok()),
            created_at,
            updated_at: time("updatedAt")?,
        },
        version: whole(document.get("version")).unwrap_or_default(),
        requirements_by,
        contacted_at: moment(document.get("contactedAt")),
        first_reply: first_reply(document),
        events: events.iter().filter_map(Bson::as_document).map(event).collect::<Result<_>>()?,
    })
}

pub(super) fn object_id(hex: &str) -> Result<ObjectId> {
    ObjectId::parse_str(hex).map_err(|_| unreadable("_id"))
}

pub(super) fn unreadable(field: &str) -> Error {
    Error::custom(format!("the field {field} of a document cannot be read"))
}
