-- Who may call: customers, their members and API keys, and the operators' keys.
-- Books hold opaque ids only, so erasing a row here erases the person and leaves the books whole.

CREATE TYPE book AS ENUM ('live', 'test', 'demo');

CREATE TABLE customer (
  book        book        NOT NULL,
  id          uuid        NOT NULL,
  name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email       text        CHECK (length(email) <= 320),
  created_at  timestamptz NOT NULL DEFAULT now(),
  suspended_at timestamptz,
  PRIMARY KEY (book, id)
);

CREATE TABLE member (
  book        book        NOT NULL,
  id          uuid        NOT NULL,
  customer_id uuid        NOT NULL,
  name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email       text        CHECK (length(email) <= 320),
  role        text        NOT NULL CHECK (role IN ('admin', 'member')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  removed_at  timestamptz,
  PRIMARY KEY (book, id),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);
CREATE INDEX member_by_customer ON member (book, customer_id);

-- The secret itself is shown once and never stored: it has 256 bits of entropy, so a plain SHA-256
-- cannot be reversed or guessed.
CREATE TABLE api_key (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  customer_id uuid        NOT NULL,
  member_id   uuid,
  name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  prefix      text        NOT NULL,
  secret_sha256 bytea     NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
  scopes      text[]      NOT NULL,
  cap_nano_usd bigint     CHECK (cap_nano_usd >= 0),
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz,
  replaced_by uuid        REFERENCES api_key,
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE,
  FOREIGN KEY (book, member_id) REFERENCES member
);
CREATE INDEX api_key_by_customer ON api_key (book, customer_id);

CREATE TABLE operator_key (
  id          uuid        PRIMARY KEY,
  name        text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role        text        NOT NULL CHECK (role IN ('owner', 'operator', 'support')),
  prefix      text        NOT NULL,
  secret_sha256 bytea     NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
  created_at  timestamptz NOT NULL DEFAULT now(),
  revoked_at  timestamptz
);

-- AES-256-GCM under the installation's master key, which is no part of a backup.
CREATE TABLE supplier_secret (
  supplier    text        PRIMARY KEY,
  sealed      bytea       NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT now()
);

-- What operators did. Append-only: the trigger refuses any change.
CREATE TABLE operator_action (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT now(),
  actor       text        NOT NULL,
  action      text        NOT NULL,
  subject     text        NOT NULL,
  details     jsonb       NOT NULL DEFAULT '{}'
);

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER operator_action_append_only BEFORE UPDATE OR DELETE ON operator_action
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
