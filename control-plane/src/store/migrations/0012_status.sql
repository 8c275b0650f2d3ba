-- What the status page is made of: one row for each component with each look at it, kept for two days. `holds` is
-- how many microseconds it speaks for. Who is silent for longer than three times that was not there.
CREATE TABLE status_checks (
    checked_at BIGINT NOT NULL,
    component  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('operational', 'degraded', 'outage')),
    holds      BIGINT NOT NULL,
    PRIMARY KEY (checked_at, component)
);

-- The same by days (UTC, counted from 1970), written along with each check: how many microseconds are known of, and
-- how many of them were bad.
CREATE TABLE status_days (
    day       BIGINT NOT NULL,
    component TEXT NOT NULL,
    known     BIGINT NOT NULL,
    degraded  BIGINT NOT NULL,
    down      BIGINT NOT NULL,
    PRIMARY KEY (day, component)
);

-- One row, written and read back to see whether anything can be.
CREATE TABLE status_probe (
    id         BIGINT PRIMARY KEY,
    written_at BIGINT NOT NULL
);

-- What operators tell of. `state` is that of the newest update; `components` a JSON list.
CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    impact      TEXT NOT NULL CHECK (impact IN ('none', 'minor', 'major', 'critical')),
    state       TEXT NOT NULL CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved')),
    components  TEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    resolved_at BIGINT
);
CREATE INDEX incidents_open ON incidents (started_at, id) WHERE resolved_at IS NULL;
CREATE INDEX incidents_over ON incidents (resolved_at, id) WHERE resolved_at IS NOT NULL;

CREATE TABLE incident_updates (
    id          TEXT PRIMARY KEY,
    incident_id TEXT NOT NULL REFERENCES incidents (id),
    told_at     BIGINT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('investigating', 'identified', 'monitoring', 'resolved')),
    body        TEXT NOT NULL
);
CREATE INDEX incident_updates_by_incident ON incident_updates (incident_id, id);
