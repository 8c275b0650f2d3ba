-- The newest of the alerts without a key that say the same is found without a look at the others.
DROP INDEX alerts_live_unkeyed;
CREATE INDEX alerts_live_unkeyed ON alerts (endpoint_id, message, opened_at)
    WHERE state <> 'closed' AND dedup_key IS NULL;
