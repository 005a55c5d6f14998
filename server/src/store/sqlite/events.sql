-- Sessions that were ever handed over; all others are the assistant's.
CREATE TABLE handovers (
    admin_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (admin_id, session_id)
) STRICT, WITHOUT ROWID;

-- What happened lately, in order, without its content: that is read when it is told, and is gone when it was erased.
CREATE TABLE happened (
    number INTEGER PRIMARY KEY,
    -- What a listener goes on behind.
    place INTEGER NOT NULL,
    admin_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The session of a message, the lead or the session itself.
    subject TEXT NOT NULL,
    -- A message's id, or what became of the lead or the session.
    detail TEXT NOT NULL
) STRICT;

-- What businesses are to be told by mail, and when next.
CREATE TABLE notices (
    admin_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (admin_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE notice_times (
    admin_id TEXT PRIMARY KEY,
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
-- Up to which number of `happened` it was looked.
CREATE TABLE notice_marks (kind TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
