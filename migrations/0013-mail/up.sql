-- Mail: one server to give it to, what waits to be sent, and what customers are warned of.

-- One row at most. The password is sealed under the master key, which is no part of a backup.
CREATE TABLE mail_server (
  only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
  host       text        NOT NULL CHECK (length(host) BETWEEN 1 AND 255),
  port       integer     NOT NULL CHECK (port BETWEEN 1 AND 65535),
  -- tls: from the first byte; starttls: after greeting, or not at all; none: a relay on this machine.
  security   text        NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
  username   text        CHECK (length(username) BETWEEN 1 AND 320),
  password   bytea,
  sender     text        NOT NULL CHECK (length(sender) BETWEEN 3 AND 320),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Mail that waits. Whoever sends a row claims it for a while; what was accepted is deleted. Nothing that
-- opens a door (invitations, new passwords) is ever kept here.
CREATE TABLE mail_waiting (
  id            uuid        PRIMARY KEY,
  person_id     uuid        NOT NULL REFERENCES person ON DELETE CASCADE,
  subject       text        NOT NULL CHECK (length(subject) <= 400),
  body          text        NOT NULL CHECK (length(body) <= 20000),
  created_at    timestamptz NOT NULL,
  next_try_at   timestamptz NOT NULL,
  claimed_until timestamptz,
  tries         integer     NOT NULL DEFAULT 0,
  -- What the server said the last time.
  answer        text,
  -- The server will never take it.
  given_up      boolean     NOT NULL DEFAULT false
);
CREATE INDEX mail_waiting_next ON mail_waiting (next_try_at) WHERE NOT given_up;

-- A limit reached a share of itself within one of its windows: told once.
CREATE TABLE customer_alert (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  customer_id uuid        NOT NULL,
  -- A gate's id (of a class: `id/class`), or `cap`.
  gate        text        NOT NULL CHECK (length(gate) <= 200),
  -- Whose, where the gate counts each member alone; else all zeros.
  member_id   uuid        NOT NULL,
  per_mille   integer     NOT NULL CHECK (per_mille BETWEEN 1 AND 1000),
  -- The window: when it ends, or for one that rolls how many of its lengths have passed since 1970.
  window_key  bigint      NOT NULL,
  at          timestamptz NOT NULL,
  -- False: a higher share was reached at the same time, and is told instead.
  told        boolean     NOT NULL,
  facts       jsonb       NOT NULL,
  UNIQUE (book, customer_id, gate, member_id, per_mille, window_key),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);
CREATE INDEX customer_alert_latest ON customer_alert (book, customer_id, at DESC) WHERE told;

-- Who has put an alert away.
CREATE TABLE customer_alert_seen (
  alert_id  uuid NOT NULL REFERENCES customer_alert ON DELETE CASCADE,
  person_id uuid NOT NULL REFERENCES person ON DELETE CASCADE,
  PRIMARY KEY (alert_id, person_id)
);
