-- What a business wants its visitors to know. The text comes last, so that lists need not read past it.
CREATE TABLE knowledge (
    admin_id TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    format TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (admin_id, id)
) STRICT;

-- What an answer was taken from.
ALTER TABLE chats ADD COLUMN sources TEXT;
