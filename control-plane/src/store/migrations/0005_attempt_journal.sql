-- The journal of the host that was given the order. One that has another by now cannot know that it never saw it.
ALTER TABLE call_logs ADD COLUMN journal_id TEXT;
