-- Tries that may be near their limit, by what is tried: a flood of one kind hides no other.
DROP INDEX tries_counted;
CREATE INDEX tries_counted ON tries (what, count) WHERE count >= 4;
