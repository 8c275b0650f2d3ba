-- A journal as version 1 of the schema wrote it; never edited.
CREATE TABLE journal (
    id        BLOB NOT NULL,            -- 16 bytes
    last_seq  INTEGER NOT NULL          -- highest number ever given to a report
);
CREATE TABLE orders (
    attempt_id   BLOB PRIMARY KEY,
    fingerprint  BLOB,                  -- of the exact order; NULL: asked for, had never come
    trunk        TEXT NOT NULL,
    number       INTEGER,               -- stands for the number dialled
    started_at   INTEGER NOT NULL,      -- microseconds UTC, the control plane's clock
    answered_at  INTEGER,
    ended_at     INTEGER,
    progress     INTEGER NOT NULL,
    talked_ms    INTEGER NOT NULL DEFAULT 0,
    resume       TEXT                   -- JSON while it is under way, then NULL
) WITHOUT ROWID;
CREATE TABLE reports (
    seq         INTEGER PRIMARY KEY,
    attempt_id  BLOB NOT NULL,
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL           -- JSON
);
INSERT INTO journal VALUES (X'00000000000000000000000000000077', 3);
INSERT INTO orders (attempt_id, fingerprint, trunk, number, started_at, answered_at, ended_at, progress, talked_ms)
VALUES (X'00000000000000000000000000000001', X'0101010101010101010101010101010101010101010101010101010101010101', 'a', 4294967295, 10000000, 20000000, 40000000, 5, 20000);
INSERT INTO orders (attempt_id, fingerprint, trunk, number, started_at, answered_at, progress, resume)
VALUES (X'00000000000000000000000000000002', X'0202020202020202020202020202020202020202020202020202020202020202', 'a', 4294967295, 50000000, 55000000, 3, '{"call_id":"00000000-0000-0000-0000-000000000001","ring_seconds":30,"talk_seconds":60,"prompt":{"severity":"critical","project":"Shop","language":"en","message":"db down"}}');
INSERT INTO reports VALUES (2, X'00000000000000000000000000000001', 40000000, '{"event":"ringing"}'), (3, X'00000000000000000000000000000002', 55000000, '{"event":"answered"}');
PRAGMA user_version = 1;
