-- What operators have decided about hosts and their trunks: it outlives a restart.
ALTER TABLE pbxs ADD COLUMN drained_at BIGINT;
CREATE TABLE trunk_rests (
    pbx_id     TEXT NOT NULL REFERENCES pbxs (id),
    trunk      TEXT NOT NULL,
    until      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (pbx_id, trunk)
);
