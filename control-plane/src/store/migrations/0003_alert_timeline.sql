-- What happened to an alert, in order. Rows with last_at fold: the same thing happening again raises
-- their count, so that a storm leaves a few rows and not thousands; what they name is the last of them.
-- Only the alert is a reference: a request is stored after the alert that it opens, and what an event
-- names may be deleted before it.
CREATE TABLE alert_events (
    alert_id   TEXT NOT NULL REFERENCES alerts (id),
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    last_at    BIGINT,
    kind       TEXT NOT NULL,
    count      BIGINT NOT NULL,
    request_id TEXT,
    account_id TEXT,
    call_id    TEXT,
    attempt_id TEXT,
    api_key_id TEXT,
    detail     TEXT,
    reason     TEXT,
    PRIMARY KEY (alert_id, seq)
);

CREATE INDEX alerts_by_org ON alerts (org_id, id);
CREATE INDEX alerts_by_state ON alerts (org_id, state, id);
CREATE INDEX calls_by_alert ON calls (alert_id, id);
