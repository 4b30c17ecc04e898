-- A change of a plan that is to be published at a time, and what each of its subscribers is told.

CREATE TABLE scheduled_plan (
  id              uuid        PRIMARY KEY,
  -- Whose subscribers are told and moved; the version itself is published for everybody.
  book            book        NOT NULL,
  plan            text        NOT NULL CHECK (length(plan) <= 40),
  -- The plan's terms as they will be. What else the document in force says by then stays.
  terms           jsonb       NOT NULL,
  -- In words, one a change.
  changes         text[]      NOT NULL,
  -- The version that they were made from: where another was published meanwhile, nothing is.
  from_version    uuid        NOT NULL REFERENCES plan_version,
  -- What found it: a result of the lab and the number of its fix.
  result          text        NOT NULL CHECK (length(result) <= 40),
  fix             integer     NOT NULL CHECK (fix >= 0),
  -- The days whose bills the notices show.
  from_day        date        NOT NULL,
  to_day          date        NOT NULL,
  moves           text        NOT NULL CHECK (moves IN ('new', 'renewal', 'at_once')),
  notice_days     integer     NOT NULL CHECK (notice_days BETWEEN 0 AND 365),
  notify          boolean     NOT NULL,
  effective_at    timestamptz NOT NULL,
  scheduled_at    timestamptz NOT NULL,
  scheduled_by    text        NOT NULL,
  state           text        NOT NULL DEFAULT 'waiting'
                              CHECK (state IN ('waiting', 'published', 'cancelled', 'stopped')),
  ended_at        timestamptz,
  ended_by        text,
  -- Why it was stopped.
  reason          text,
  plan_version_id uuid        REFERENCES plan_version,
  CHECK ((state = 'waiting') = (ended_at IS NULL)),
  CHECK ((state = 'published') = (plan_version_id IS NOT NULL))
);
-- Two of one plan at once would each be made from a version that the other replaces.
CREATE UNIQUE INDEX scheduled_plan_waiting ON scheduled_plan (plan) WHERE state = 'waiting';

-- What one subscriber is told, and whether they were moved. Bills are theirs, over the days of the
-- schedule; null where they had no use on record then.
CREATE TABLE plan_notice (
  schedule        uuid        NOT NULL REFERENCES scheduled_plan ON DELETE CASCADE,
  book            book        NOT NULL,
  customer_id     uuid        NOT NULL,
  told_at         timestamptz NOT NULL,
  -- Not moved before.
  due_at          timestamptz NOT NULL,
  bill_before     bigint,
  bill_after      bigint,
  requests        integer     NOT NULL DEFAULT 0 CHECK (requests >= 0),
  newly_refused   integer     NOT NULL DEFAULT 0 CHECK (newly_refused >= 0),
  newly_fell_back integer     NOT NULL DEFAULT 0 CHECK (newly_fell_back >= 0),
  newly_slowed    integer     NOT NULL DEFAULT 0 CHECK (newly_slowed >= 0),
  freed           integer     NOT NULL DEFAULT 0 CHECK (freed >= 0),
  -- Members who do not want to see it again.
  dismissed_by    uuid[]      NOT NULL DEFAULT '{}',
  -- 'left': on another plan when the time came, by their own choice.
  state           text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'moved', 'left')),
  ended_at        timestamptz,
  PRIMARY KEY (schedule, book, customer_id),
  FOREIGN KEY (book, customer_id) REFERENCES customer ON DELETE CASCADE,
  CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX plan_notice_by_customer ON plan_notice (book, customer_id);
CREATE INDEX plan_notice_waiting ON plan_notice (schedule, due_at) WHERE state = 'waiting';
