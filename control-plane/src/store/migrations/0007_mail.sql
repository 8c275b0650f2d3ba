-- Letters to people. One is rendered when it is queued, so that it leaves as it was meant whatever the program says
-- by then. Its bodies hold links that are secrets: both are blank once nothing more will happen to it.
CREATE TABLE mail_outbox (
    id             TEXT PRIMARY KEY,
    letter_key     TEXT NOT NULL UNIQUE,
    recipient      TEXT NOT NULL,
    template       TEXT NOT NULL,
    language       TEXT NOT NULL,
    subject        TEXT NOT NULL,
    body_text      TEXT NOT NULL,
    body_html      TEXT NOT NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('waiting', 'sent', 'failed', 'suppressed', 'bounced', 'complained')),
    queued_at      BIGINT NOT NULL,
    due_at         BIGINT,
    claimed_at     BIGINT,
    first_tried_at BIGINT,
    attempts       BIGINT NOT NULL,
    ended_at       BIGINT,
    provider_id    TEXT,
    reason         TEXT
);
-- due_at is NULL once nothing more will happen, so what waits is exactly this index. It holds what the figures need.
CREATE INDEX mail_outbox_due ON mail_outbox (due_at, id, queued_at) WHERE due_at IS NOT NULL;
CREATE INDEX mail_outbox_ended ON mail_outbox (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX mail_outbox_by_provider_id ON mail_outbox (provider_id) WHERE provider_id IS NOT NULL;

-- How many letters ended how, so that nobody has to count the history.
CREATE TABLE mail_totals (
    state   TEXT PRIMARY KEY,
    letters BIGINT NOT NULL
);
INSERT INTO mail_totals (state, letters)
VALUES ('sent', 0), ('failed', 0), ('suppressed', 0), ('bounced', 0), ('complained', 0);

-- Addresses that get no letter any more: their mail came back for good, or somebody called it spam.
CREATE TABLE mail_suppressions (
    email      TEXT PRIMARY KEY,
    cause      TEXT NOT NULL CHECK (cause IN ('bounce', 'complaint')),
    created_at BIGINT NOT NULL
);

-- Events of the provider that were applied, for as long as it may send them again.
CREATE TABLE mail_events (
    id         TEXT PRIMARY KEY,
    applied_at BIGINT NOT NULL
);
CREATE INDEX mail_events_by_age ON mail_events (applied_at);
