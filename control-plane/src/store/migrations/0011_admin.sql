-- What operators have decided about hosts and their trunks: it outlives a restart.
ALTER TABLE pbxs ADD COLUMN drained_at BIGINT;
CREATE TABLE trunk_rests (
    pbx_id     TEXT NOT NULL REFERENCES pbxs (id),
    trunk      TEXT NOT NULL,
    until      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (pbx_id, trunk)
);

-- What waits or is under way, of everybody, in the order of time.
CREATE INDEX calls_live ON calls (id) WHERE status IN ('queued', 'calling');
-- What was held back within a time, by organization.
CREATE INDEX calls_blocked_by_org ON calls (org_id, created_at, reason) WHERE status = 'blocked';
-- Organizations that are not deleted, for whoever looks one up by the beginning of its slug.
CREATE INDEX orgs_there ON orgs (slug) WHERE deleted_at IS NULL;
CREATE INDEX mail_outbox_by_state ON mail_outbox (state, id);
-- Letters that failed and may be tried once more keep what they say for a day: exactly this index.
CREATE INDEX mail_outbox_failed ON mail_outbox (ended_at) WHERE state = 'failed' AND body_text <> '';
CREATE INDEX verifications_by_age ON verifications (created_at);
-- Tries that may be near their limit.
CREATE INDEX tries_counted ON tries (count) WHERE count >= 4;
