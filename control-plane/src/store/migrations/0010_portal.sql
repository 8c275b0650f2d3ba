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
