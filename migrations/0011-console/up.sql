-- What the console and the customers' pages read and write beside the books.

-- Rollups come roughly in the order of their days, so a block range index finds some days for next to
-- nothing when they are written.
CREATE INDEX usage_rollup_by_day ON usage_rollup USING brin (day) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX revenue_rollup_by_day ON revenue_rollup USING brin (day) WITH (pages_per_range = 32, autosummarize = on);

-- Who hits which gate: only decisions that a gate had a say in are in it, the others pay nothing.
CREATE INDEX decision_by_gate ON decision (book, day, plan_version, gate) WHERE gate IS NOT NULL;

CREATE INDEX incident_by_book ON incident (book, id DESC);

CREATE TABLE customer_note (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  customer_id uuid        NOT NULL,
  at          timestamptz NOT NULL,
  author      text        NOT NULL,
  body        text        NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);
CREATE INDEX customer_note_by_customer ON customer_note (book, customer_id, id DESC);

-- What a customer wants to know in time.
CREATE TABLE customer_setting (
  book        book     NOT NULL,
  customer_id uuid     NOT NULL,
  alert_at    real[]   NOT NULL,
  PRIMARY KEY (book, customer_id),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);

-- A customer asks for another plan; an operator answers.
CREATE TABLE plan_request (
  id          uuid        PRIMARY KEY,
  book        book        NOT NULL,
  customer_id uuid        NOT NULL,
  plan        text        NOT NULL CHECK (length(plan) <= 40),
  asked_at    timestamptz NOT NULL,
  state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'declined')),
  decided_at  timestamptz,
  decided_by  text,
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE
);
CREATE UNIQUE INDEX plan_request_open ON plan_request (book, customer_id) WHERE state = 'open';
