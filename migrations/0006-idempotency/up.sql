-- Answers kept by the client's own idempotency keys, for a day. An answer is sealed with the master
-- key, which is no part of a backup.
CREATE TABLE idempotency_key (
  book           book        NOT NULL,
  customer_id    uuid        NOT NULL,
  -- Of the API key's id and the client's key: one key's answers are not another's.
  key_sha256     bytea       NOT NULL CHECK (octet_length(key_sha256) = 32),
  -- Of path and body.
  request_sha256 bytea       NOT NULL CHECK (octet_length(request_sha256) = 32),
  -- Of the claim; whoever holds it may end it.
  token          uuid        NOT NULL,
  -- Moved on while the claiming process lives; past it, and without an answer, the key is free.
  claimed_until  timestamptz NOT NULL,
  expires_at     timestamptz NOT NULL,
  -- NULL while the first request runs.
  answer         bytea,
  PRIMARY KEY (book, customer_id, key_sha256),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);
CREATE INDEX idempotency_key_by_expiry ON idempotency_key (expires_at);
