CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

-- Numbers stand for long ids where a table has many rows.
CREATE TABLE admins (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    site_key TEXT NOT NULL UNIQUE,
    allowed_origins TEXT NOT NULL,
    widget TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    admin_id TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    used_at INTEGER
) STRICT;
CREATE INDEX api_keys_admin ON api_keys (admin_id, created_at);

-- One row a message. Rows from elsewhere may lack all but admin, session, text, role and time.
CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    admin_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    message_id TEXT,
    seq INTEGER,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    page_url TEXT,
    page_title TEXT,
    referrer TEXT,
    locale TEXT,
    time_zone TEXT,
    created_at INTEGER NOT NULL,
    addresses TEXT,
    reply_to TEXT,
    opened INTEGER NOT NULL DEFAULT 0,
    edge TEXT,
    email TEXT,
    requirements TEXT,
    -- Of rows from elsewhere, which have no seq: whether their leads were made.
    migrated INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX chats_old ON chats (admin_id, session_id) WHERE seq IS NULL AND migrated = 0;
CREATE UNIQUE INDEX chats_message ON chats (admin_id, session_id, message_id);
CREATE INDEX chats_email ON chats (admin_id, email) WHERE email IS NOT NULL;
-- The first of a message's own addresses makes the link between session and lead.
CREATE INDEX chats_address ON chats (admin_id, json_extract(addresses, '$[0]')) WHERE addresses IS NOT NULL;

CREATE TABLE leads (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    admin_id TEXT NOT NULL,
    email TEXT NOT NULL,
    requirements TEXT NOT NULL,
    session_id TEXT NOT NULL,
    session_ids TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    first_message TEXT NOT NULL,
    last_contact INTEGER NOT NULL,
    conversation_count INTEGER NOT NULL,
    tags TEXT NOT NULL,
    notes TEXT NOT NULL,
    value REAL,
    priority TEXT NOT NULL,
    alternate_emails TEXT NOT NULL,
    follow_up_at INTEGER,
    referrer TEXT,
    utm TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    value_cents INTEGER NOT NULL,
    -- The session that spoke last for the requirements, and when; no session where a person wrote them.
    requirements_session TEXT,
    requirements_at INTEGER NOT NULL,
    contacted_at INTEGER,
    reply_asked_at INTEGER,
    reply_answered_at INTEGER
) STRICT;
CREATE UNIQUE INDEX leads_email ON leads (admin_id, email);
CREATE INDEX leads_created ON leads (admin_id, created_at, id);
CREATE INDEX leads_status ON leads (admin_id, status, created_at, id);
CREATE INDEX leads_updated ON leads (admin_id, updated_at, id);
CREATE INDEX leads_last_contact ON leads (admin_id, last_contact, id);

-- Who changed what, when, from, to; rows are only ever added, or erased with their lead.
CREATE TABLE lead_events (
    admin_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (admin_id, lead_id, version)
) STRICT, WITHOUT ROWID;

-- What the leads of a UTC day come to; marks grow with every change of one of them.
CREATE TABLE lead_days (
    admin_id TEXT NOT NULL,
    day INTEGER NOT NULL,
    marks INTEGER NOT NULL,
    counted INTEGER NOT NULL DEFAULT 0,
    rollup TEXT,
    PRIMARY KEY (admin_id, day)
) STRICT;
CREATE INDEX lead_days_stale ON lead_days (admin_id, day) WHERE marks <> counted;
-- The list of days without their rollups.
CREATE INDEX lead_days_marks ON lead_days (admin_id, day, marks, counted);

-- Hashed ids of erased messages, so that a late repetition does not bring them back.
CREATE TABLE tombstones (hash TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
