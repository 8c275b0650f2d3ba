-- Tries that are near their limit, by what is tried: a flood of one kind hides no other.
DROP INDEX tries_counted;
CREATE INDEX tries_counted ON tries (what, count, window_start);
