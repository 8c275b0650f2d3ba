-- Each organization's queue in its own order, so that all of them get their turn.
CREATE INDEX calls_queue ON calls (org_id, urgency, created_at, id, due_at) WHERE due_at IS NOT NULL;
DROP INDEX calls_due;
CREATE INDEX calls_due ON calls (due_at) WHERE due_at IS NOT NULL;
DROP INDEX calls_wanting;
CREATE INDEX calls_wanting ON calls (org_id, urgency, created_at, id, destination)
    WHERE status = 'queued' AND reason IS NOT NULL;

-- When an organization was last served.
CREATE INDEX call_logs_by_org ON call_logs (org_id, initiated_at);

-- What an organization has under way, and on which phones.
CREATE INDEX call_logs_live_by_org ON call_logs (org_id, destination) WHERE ended_at IS NULL;
