-- The dialect both engines understand: timestamps are BIGINT microseconds UTC, booleans BIGINT 0/1,
-- JSON is TEXT, ids are TEXT UUIDs.

CREATE TABLE orgs (
    id         TEXT PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    timezone   TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id         TEXT PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, account_id)
);
CREATE INDEX memberships_by_account ON memberships (account_id);

-- position 0 is the primary phone. Only a verified, enabled phone is ever rung.
CREATE TABLE phones (
    id          TEXT PRIMARY KEY,
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    e164        TEXT NOT NULL,
    position    BIGINT NOT NULL,
    verified_at BIGINT,
    enabled     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    UNIQUE (account_id, e164)
);

CREATE TABLE projects (
    id                 TEXT PRIMARY KEY,
    org_id             TEXT NOT NULL REFERENCES orgs (id),
    slug               TEXT NOT NULL,
    primary_account_id TEXT NOT NULL REFERENCES accounts (id),
    policy             TEXT NOT NULL,
    created_at         BIGINT NOT NULL,
    UNIQUE (org_id, slug)
);

CREATE TABLE scenarios (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name       TEXT NOT NULL,
    rules      TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

-- The id is the credential of the webhook URL; alert_key_hash (SHA-256, hex) the optional second one.
CREATE TABLE endpoints (
    id             TEXT PRIMARY KEY,
    project_id     TEXT NOT NULL REFERENCES projects (id),
    scenario       TEXT,
    alert_key_hash TEXT,
    created_at     BIGINT NOT NULL
);
CREATE INDEX endpoints_by_project ON endpoints (project_id);

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    name         TEXT NOT NULL,
    key_hash     TEXT NOT NULL UNIQUE,
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE TABLE pbxs (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    region     TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE enroll_tokens (
    token_hash TEXT PRIMARY KEY,
    pbx_id     TEXT NOT NULL REFERENCES pbxs (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- A PBX proves itself with its newest key that is not revoked.
CREATE TABLE agent_keys (
    pbx_id      TEXT NOT NULL REFERENCES pbxs (id),
    public_key  TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    revoked_at  BIGINT,
    PRIMARY KEY (pbx_id, public_key)
);
-- Read every second, so that a revocation ends a connection at once.
CREATE INDEX agent_keys_valid ON agent_keys (pbx_id, public_key) WHERE revoked_at IS NULL;

-- Highest report number applied, per journal.
CREATE TABLE agent_journals (
    journal_id TEXT PRIMARY KEY,
    pbx_id     TEXT NOT NULL REFERENCES pbxs (id),
    applied    BIGINT NOT NULL
);

CREATE TABLE alerts (
    id           TEXT PRIMARY KEY,
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    project_id   TEXT NOT NULL REFERENCES projects (id),
    endpoint_id  TEXT NOT NULL REFERENCES endpoints (id),
    dedup_key    TEXT,
    severity     TEXT NOT NULL,
    message      TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed')),
    requests     BIGINT NOT NULL,
    opened_at    BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX alerts_live_by_dedup_key ON alerts (endpoint_id, dedup_key)
    WHERE state <> 'closed' AND dedup_key IS NOT NULL;
CREATE INDEX alerts_live_unkeyed ON alerts (endpoint_id, message) WHERE state <> 'closed' AND dedup_key IS NULL;

-- One stored HTTP request, as it came, with what was read from it and what was answered.
CREATE TABLE incoming_requests (
    id              TEXT PRIMARY KEY,
    endpoint_id     TEXT NOT NULL REFERENCES endpoints (id),
    org_id          TEXT NOT NULL REFERENCES orgs (id),
    alert_id        TEXT REFERENCES alerts (id),
    idempotency_key TEXT,
    received_at     BIGINT NOT NULL,
    remote          TEXT NOT NULL,
    method          TEXT NOT NULL,
    query           TEXT NOT NULL,
    headers         TEXT NOT NULL,
    body            BYTEA NOT NULL,
    severity        TEXT NOT NULL,
    message         TEXT NOT NULL,
    action          TEXT NOT NULL,
    answer          TEXT NOT NULL
);
CREATE UNIQUE INDEX incoming_requests_by_idempotency_key ON incoming_requests (endpoint_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX incoming_requests_by_org ON incoming_requests (org_id, id);

-- The duty to reach one phone about one alert. `machine` is the state of dispatch::call. A call
-- whose alert was closed meanwhile has cancel_wanted until the dispatcher has seen it. `reason` of a
-- queued call is what it waits for.
CREATE TABLE calls (
    id           TEXT PRIMARY KEY,
    request_id   TEXT NOT NULL REFERENCES incoming_requests (id),
    alert_id     TEXT NOT NULL REFERENCES alerts (id),
    org_id       TEXT NOT NULL REFERENCES orgs (id),
    project_id   TEXT NOT NULL REFERENCES projects (id),
    account_id   TEXT NOT NULL REFERENCES accounts (id),
    destination  TEXT NOT NULL,
    status       TEXT NOT NULL,
    reason       TEXT,
    urgency      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    due_at       BIGINT,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    cancel_wanted BIGINT NOT NULL,
    machine      TEXT NOT NULL
);
-- due_at is NULL once nothing more will happen, so the queue is exactly this index. It holds what the
-- queue is ordered by, so that a long one is not read row by row with each turn.
CREATE INDEX calls_due ON calls (due_at, urgency, created_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX calls_wanting ON calls (urgency, created_at) WHERE status = 'queued' AND reason IS NOT NULL;
CREATE INDEX calls_by_request ON calls (request_id, org_id, id);
CREATE INDEX calls_live_by_alert ON calls (alert_id) WHERE status IN ('queued', 'calling');
CREATE INDEX calls_by_org ON calls (org_id, id);
CREATE INDEX calls_by_destination ON calls (destination, org_id, created_at);

-- One attempt: one order on one PBX over one trunk. `unsettled` until its host has told its end, or
-- that it never saw the order: such attempts are asked about whenever the host connects.
CREATE TABLE call_logs (
    id                 TEXT PRIMARY KEY,
    call_id            TEXT NOT NULL REFERENCES calls (id),
    request_id         TEXT NOT NULL REFERENCES incoming_requests (id),
    org_id             TEXT NOT NULL REFERENCES orgs (id),
    destination        TEXT NOT NULL,
    pbx_id             TEXT NOT NULL REFERENCES pbxs (id),
    trunk              TEXT NOT NULL,
    status             TEXT NOT NULL,
    reason             TEXT,
    ari_status         BIGINT,
    sip_code           BIGINT,
    hangup_cause       BIGINT,
    possible_duplicate BIGINT NOT NULL,
    initiated_at       BIGINT NOT NULL,
    placed_at          BIGINT,
    ringing_at         BIGINT,
    answered_at        BIGINT,
    acknowledged_at    BIGINT,
    ended_at           BIGINT,
    duration_ms        BIGINT,
    unsettled          BIGINT NOT NULL
);
CREATE INDEX call_logs_by_call ON call_logs (call_id);
CREATE INDEX call_logs_by_destination ON call_logs (destination, initiated_at);
CREATE INDEX call_logs_open ON call_logs (pbx_id, trunk) WHERE ended_at IS NULL;
CREATE INDEX call_logs_unsettled ON call_logs (pbx_id) WHERE unsettled = 1;
-- What trunks have cost within the hour.
CREATE INDEX call_logs_spent ON call_logs (initiated_at, pbx_id, trunk, duration_ms);
CREATE INDEX calls_placed_by_org ON calls (org_id, created_at) WHERE status <> 'blocked';

-- Numbers that are never rung.
CREATE TABLE do_not_call (
    e164       TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);
