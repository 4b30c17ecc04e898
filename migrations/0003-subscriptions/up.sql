-- Plan versions are immutable documents; a subscription points at one.

CREATE TABLE plan_version (
  id           uuid        PRIMARY KEY,
  plan         text        NOT NULL CHECK (plan ~ '^[a-z][a-z0-9-]{0,39}$'),
  version      integer     NOT NULL CHECK (version >= 1),
  body         jsonb       NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (plan, version)
);

CREATE TRIGGER plan_version_immutable BEFORE UPDATE OR DELETE ON plan_version
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Which version of a plan new subscriptions get: moving it back is the undo of a publication.
CREATE TABLE plan_current (
  plan            text PRIMARY KEY,
  plan_version_id uuid NOT NULL REFERENCES plan_version
);

CREATE TABLE subscription (
  book            book        NOT NULL,
  id              uuid        NOT NULL,
  customer_id     uuid        NOT NULL,
  plan_version_id uuid        NOT NULL REFERENCES plan_version,
  time_zone       text        NOT NULL,
  anchor_at       timestamptz NOT NULL,
  period_start    timestamptz NOT NULL,
  period_end      timestamptz NOT NULL,
  ended_at        timestamptz,
  PRIMARY KEY (book, id),
  CHECK (period_start < period_end)
);
CREATE UNIQUE INDEX subscription_in_force ON subscription (book, customer_id) WHERE ended_at IS NULL;
CREATE INDEX subscription_due ON subscription (period_end) WHERE ended_at IS NULL;
