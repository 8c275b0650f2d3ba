-- The language of whoever signs up, in which their account and their letters begin.
ALTER TABLE mail_links ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
