-- The requests of an endpoint and of an alert, newest first.
CREATE INDEX incoming_requests_by_endpoint ON incoming_requests (endpoint_id, id);
CREATE INDEX incoming_requests_by_alert ON incoming_requests (alert_id, id) WHERE alert_id IS NOT NULL;
-- The request that somebody had taken in again as this one.
ALTER TABLE incoming_requests ADD COLUMN replayed_from TEXT REFERENCES incoming_requests (id);

-- Alerts of one severity, newest first.
CREATE INDEX alerts_by_severity ON alerts (org_id, severity, id);
CREATE INDEX alerts_by_state_and_severity ON alerts (org_id, state, severity, id);
CREATE INDEX alerts_by_project_and_severity ON alerts (project_id, severity, id);
CREATE INDEX alerts_by_project_state_and_severity ON alerts (project_id, state, severity, id);

-- What webhook URLs end in. An endpoint's first one is its id; one that was rotated away is good until then, and keeps its
-- row so that it is never anybody's again.
CREATE TABLE endpoint_addresses (
    address     TEXT PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES endpoints (id),
    until       BIGINT
);
CREATE UNIQUE INDEX endpoint_addresses_current ON endpoint_addresses (endpoint_id) WHERE until IS NULL;
CREATE INDEX endpoint_addresses_by_endpoint ON endpoint_addresses (endpoint_id, until);
INSERT INTO endpoint_addresses (address, endpoint_id) SELECT id, id FROM endpoints;
ALTER TABLE endpoints ADD COLUMN rotated_at BIGINT;

-- How calls ended, by the hour of their end.
CREATE TABLE call_figures (
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    hour       BIGINT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    status     TEXT NOT NULL,
    calls      BIGINT NOT NULL,
    PRIMARY KEY (org_id, hour, project_id, status)
);
INSERT INTO call_figures (org_id, hour, project_id, status, calls)
SELECT org_id, ended_at / 3600000000 * 3600000000, project_id, status, COUNT(*) FROM calls
WHERE ended_at IS NOT NULL AND status NOT IN ('queued', 'calling')
GROUP BY org_id, ended_at / 3600000000 * 3600000000, project_id, status;

-- How long it took from a call's making to its first answer, by the hour of that. `upto` is the end of a span, in seconds;
-- 0 stands for what took longer than the last one.
CREATE TABLE answer_figures (
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    hour       BIGINT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    upto       BIGINT NOT NULL,
    calls      BIGINT NOT NULL,
    PRIMARY KEY (org_id, hour, project_id, upto)
);
INSERT INTO answer_figures (org_id, hour, project_id, upto, calls)
SELECT org_id, hour, project_id, upto, COUNT(*) FROM (
    SELECT org_id, project_id, answered_at / 3600000000 * 3600000000 AS hour,
           CASE WHEN took <= 5000000 THEN 5 WHEN took <= 10000000 THEN 10 WHEN took <= 15000000 THEN 15
                WHEN took <= 20000000 THEN 20 WHEN took <= 30000000 THEN 30 WHEN took <= 45000000 THEN 45
                WHEN took <= 60000000 THEN 60 WHEN took <= 90000000 THEN 90 WHEN took <= 120000000 THEN 120
                WHEN took <= 300000000 THEN 300 WHEN took <= 600000000 THEN 600 ELSE 0 END AS upto
    FROM (SELECT calls.org_id, calls.project_id, MIN(call_logs.answered_at) AS answered_at,
                 MIN(call_logs.answered_at) - calls.created_at AS took
          FROM calls JOIN call_logs ON call_logs.call_id = calls.id
          WHERE call_logs.answered_at IS NOT NULL
          GROUP BY calls.id, calls.org_id, calls.project_id, calls.created_at) AS answers) AS spans
GROUP BY org_id, hour, project_id, upto;

-- What became of attempts over each trunk, by the hour in which they were made. Each counts once it has ended. `reached` are
-- those that the phone, or whoever holds it, has answered in whatever way; `ringing_ms` adds up the time from the order to
-- the first ring of those that rang.
CREATE TABLE trunk_figures (
    org_id     TEXT NOT NULL REFERENCES orgs (id),
    hour       BIGINT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    pbx_id     TEXT NOT NULL REFERENCES pbxs (id),
    trunk      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    answered   BIGINT NOT NULL,
    busy       BIGINT NOT NULL,
    no_answer  BIGINT NOT NULL,
    rejected   BIGINT NOT NULL,
    failed     BIGINT NOT NULL,
    refused    BIGINT NOT NULL,
    reached    BIGINT NOT NULL,
    ringing    BIGINT NOT NULL,
    ringing_ms BIGINT NOT NULL,
    PRIMARY KEY (org_id, hour, project_id, pbx_id, trunk)
);
-- For whoever looks at trunks and not at organizations.
CREATE INDEX trunk_figures_by_hour ON trunk_figures (hour, pbx_id, trunk);
INSERT INTO trunk_figures (org_id, hour, project_id, pbx_id, trunk, attempts, answered, busy, no_answer, rejected, failed,
                           refused, reached, ringing, ringing_ms)
SELECT org_id, hour, project_id, pbx_id, trunk, COUNT(*), SUM(answered),
       SUM(CASE WHEN answered = 0 AND status = 'busy' THEN 1 ELSE 0 END),
       SUM(CASE WHEN answered = 0 AND status = 'no_answer' THEN 1 ELSE 0 END),
       SUM(CASE WHEN answered = 0 AND status = 'rejected' THEN 1 ELSE 0 END),
       SUM(CASE WHEN answered = 0 AND status = 'failed' THEN 1 ELSE 0 END),
       SUM(CASE WHEN answered = 0 AND status = 'refused' THEN 1 ELSE 0 END),
       SUM(CASE WHEN answered = 1 OR status IN ('busy', 'no_answer', 'rejected') THEN 1 ELSE 0 END),
       SUM(CASE WHEN ringing_at IS NULL THEN 0 ELSE 1 END),
       SUM(CASE WHEN ringing_at > initiated_at THEN (ringing_at - initiated_at) / 1000 ELSE 0 END)
FROM (SELECT call_logs.org_id, initiated_at / 3600000000 * 3600000000 AS hour, calls.project_id, pbx_id, trunk,
             call_logs.status, ringing_at, initiated_at,
             CASE WHEN answered_at IS NOT NULL OR call_logs.status IN ('answered', 'acknowledged') THEN 1 ELSE 0 END
                 AS answered
      FROM call_logs JOIN calls ON calls.id = call_logs.call_id
      WHERE call_logs.ended_at IS NOT NULL) AS ended
GROUP BY org_id, hour, project_id, pbx_id, trunk;
