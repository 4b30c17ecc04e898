-- On plans that include usage: a message that usually takes more than this many thousandths of a limit
-- is asked about first.
ALTER TABLE chat_settings
  ADD COLUMN ask_above_share integer NOT NULL DEFAULT 50 CHECK (ask_above_share BETWEEN 0 AND 1000);
