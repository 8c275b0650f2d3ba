-- People who sign in. An account without a password is one that only the apply file named: a reset by mail gives it one.
ALTER TABLE accounts ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE accounts ADD COLUMN password TEXT;
ALTER TABLE accounts ADD COLUMN email_verified_at BIGINT;
ALTER TABLE accounts ADD COLUMN closed_at BIGINT;

-- Addresses that somebody had before: rules of scenarios may still name them by it.
CREATE TABLE former_addresses (
    email      TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    until      BIGINT NOT NULL,
    PRIMARY KEY (email, account_id)
);

-- Who runs the installation. The same person, password and second factor; another sign-in.
CREATE TABLE operators (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);

-- One row a sign-in. `refresh_hash` is of the one refresh token that is good now; `remote` and `user_agent` are where it was
-- last shown. A session that is over keeps its row for a while.
CREATE TABLE sessions (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    audience      TEXT NOT NULL CHECK (audience IN ('portal', 'admin')),
    refresh_hash  TEXT NOT NULL UNIQUE,
    csrf_token    TEXT NOT NULL,
    stays         BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    proved_at     BIGINT NOT NULL,
    remote        TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    ended_at      BIGINT,
    end_reason    TEXT
);
CREATE INDEX sessions_by_account ON sessions (account_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
-- Refresh tokens of sessions that are not over, of before: whoever shows one holds a copy.
CREATE TABLE spent_refreshes (
    hash       TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    spent_at   BIGINT NOT NULL
);
CREATE INDEX spent_refreshes_by_session ON spent_refreshes (session_id);

-- Where somebody has signed in from, the newest of each account.
CREATE TABLE origins (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    network    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    last_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, network, user_agent)
);

-- The second factor. Not asked for until it is confirmed.
CREATE TABLE second_factors (
    account_id   TEXT PRIMARY KEY REFERENCES accounts (id),
    secret       BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step    BIGINT,
    wrong        BIGINT NOT NULL,
    paused_until BIGINT
);
CREATE TABLE recovery_codes (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    code_hash  TEXT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (account_id, code_hash)
);

-- What a link in a mail opens, once. One of a sign-up has no account yet: it holds what the account will be made of, so
-- that an address nobody has confirmed has neither an account nor a password.
CREATE TABLE mail_links (
    token_hash   TEXT PRIMARY KEY,
    purpose      TEXT NOT NULL CHECK (purpose IN ('sign up', 'reset', 'change')),
    account_id   TEXT REFERENCES accounts (id),
    email        TEXT NOT NULL,
    password     TEXT,
    display_name TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX mail_links_by_account ON mail_links (account_id, purpose);
CREATE INDEX mail_links_by_end ON mail_links (expires_at);

CREATE TABLE invites (
    id          TEXT PRIMARY KEY,
    org_id      TEXT NOT NULL REFERENCES orgs (id),
    email       TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    token_hash  TEXT NOT NULL UNIQUE,
    invited_by  TEXT NOT NULL REFERENCES accounts (id),
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at  BIGINT
);
CREATE INDEX invites_by_org ON invites (org_id, id);
CREATE UNIQUE INDEX invites_pending ON invites (org_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- Who did what to what, from where. `org_id` is NULL for what belongs to no organization. The id is made of `created_at`
-- (UUID of version 7), so what was done between two moments has ids between two ids.
CREATE TABLE audit_log (
    id           TEXT PRIMARY KEY,
    org_id       TEXT REFERENCES orgs (id),
    account_id   TEXT,
    actor_kind   TEXT NOT NULL CHECK (actor_kind IN ('account', 'api_key', 'operator', 'nobody')),
    actor        TEXT NOT NULL,
    action       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    remote       TEXT NOT NULL,
    before       TEXT,
    after        TEXT,
    created_at   BIGINT NOT NULL
);
-- In this order: of two that seem as good SQLite takes the first.
CREATE INDEX audit_log_by_action ON audit_log (org_id, action, id);
CREATE INDEX audit_log_by_actor ON audit_log (org_id, actor, id);
CREATE INDEX audit_log_by_subject ON audit_log (org_id, subject, id);
CREATE INDEX audit_log_by_org ON audit_log (org_id, id);
CREATE INDEX audit_log_by_account ON audit_log (account_id, id);

-- How often something was tried within a window. Kept here, so that a restart forgives nobody.
CREATE TABLE tries (
    what         TEXT NOT NULL,
    whose        TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    count        BIGINT NOT NULL,
    PRIMARY KEY (what, whose)
);
CREATE INDEX tries_by_age ON tries (window_start);

-- The alerts of one project, newest first.
CREATE INDEX alerts_by_project ON alerts (project_id, id);
CREATE INDEX alerts_by_project_and_state ON alerts (project_id, state, id);

-- What is deleted keeps its row: history names it. Its slug is free again, its endpoints take nothing in.
ALTER TABLE orgs ADD COLUMN deleted_at BIGINT;
-- Who made it over the API; NULL where the operator's file did.
ALTER TABLE orgs ADD COLUMN created_by TEXT REFERENCES accounts (id);
ALTER TABLE projects ADD COLUMN deleted_at BIGINT;
CREATE INDEX projects_by_primary ON projects (primary_account_id);
ALTER TABLE endpoints ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoints ADD COLUMN deleted_at BIGINT;
-- Grows with each change; whoever changes it names the one they have read.
ALTER TABLE scenarios ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE api_keys ADD COLUMN created_by TEXT REFERENCES accounts (id);
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;
ALTER TABLE api_keys ADD COLUMN deleted_at BIGINT;
CREATE INDEX api_keys_by_org ON api_keys (org_id, id) WHERE deleted_at IS NULL;

-- What was answered to whoever created something with an idempotency key, for a day. Never a secret.
CREATE TABLE created_once (
    whose       TEXT NOT NULL,
    key_hash    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (whose, key_hash)
);
CREATE INDEX created_once_by_age ON created_once (created_at);
