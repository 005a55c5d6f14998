-- Whether a message was kept without the answer that is due to it.
ALTER TABLE chats ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;

-- What a language model has drawn out of the session when this was its newest visitor message: of how many of them,
-- beside which text of the built-in extractor (a hash), and the bullets.
ALTER TABLE chats ADD COLUMN drawn_out_of INTEGER;
ALTER TABLE chats ADD COLUMN drawn_out_beside TEXT;
ALTER TABLE chats ADD COLUMN drawn_out TEXT;

-- What a business has set of the language model that answers, as JSON.
ALTER TABLE admins ADD COLUMN model TEXT;

-- What language models have cost: a business's newest day where the session is '', and each session in all.
CREATE TABLE model_tokens (
    admin_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    -- Of the business the day that `used` counts; of a session the last one.
    day INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (admin_id, session_id)
) STRICT, WITHOUT ROWID;
