-- A phone is its person's once they have typed the code that a call to it spoke. `code` is what the next order
-- speaks, and NULL as soon as none can follow; `code_hash` (SHA-256, hex) is of the id and the code. The phone is no
-- reference: it may be deleted before the row.
CREATE TABLE verifications (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    phone_id   TEXT NOT NULL,
    call_id    TEXT NOT NULL UNIQUE REFERENCES calls (id),
    language   TEXT NOT NULL,
    code       TEXT,
    code_hash  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'used', 'replaced', 'spent', 'withdrawn')),
    wrong      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX verifications_pending ON verifications (account_id, phone_id) WHERE state = 'pending';
