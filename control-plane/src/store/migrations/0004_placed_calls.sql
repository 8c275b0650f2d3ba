-- What counts against the rates and the cooldown of a phone. Calls held back do not: in a storm they are
-- thousands, and each further request would read all of them.
CREATE INDEX calls_placed_to_phone ON calls (destination, org_id, created_at) WHERE status <> 'blocked';
DROP INDEX calls_by_destination;
