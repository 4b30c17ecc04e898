-- Suppliers, models, routes, the price book, and the documents (breakeven.yaml) they were applied from.

CREATE TABLE supplier (
  id           text    PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  display_name text    NOT NULL,
  protocol     text    NOT NULL,
  base_url     text,
  key_ref      text,
  enabled      boolean NOT NULL,
  ordinal      integer NOT NULL
);

CREATE TABLE model (
  name               text    PRIMARY KEY,
  aliases            text[]  NOT NULL,
  display_name       text    NOT NULL,
  class_name         text    NOT NULL,
  context_tokens_max integer NOT NULL CHECK (context_tokens_max > 0),
  output_tokens_max  integer NOT NULL CHECK (output_tokens_max >= 0),
  output_tokens_p99  integer NOT NULL CHECK (output_tokens_p99 BETWEEN 0 AND output_tokens_max),
  input_modalities   text[]  NOT NULL,
  output_modalities  text[]  NOT NULL,
  enabled            boolean NOT NULL,
  ordinal            integer NOT NULL
);

CREATE TABLE route (
  model                 text    NOT NULL REFERENCES model ON DELETE CASCADE,
  supplier              text    NOT NULL REFERENCES supplier ON DELETE CASCADE,
  upstream_model        text    NOT NULL,
  priority              integer NOT NULL CHECK (priority >= 0),
  weight                integer NOT NULL CHECK (weight > 0),
  first_byte_timeout_ms integer NOT NULL CHECK (first_byte_timeout_ms > 0),
  idle_timeout_ms       integer NOT NULL CHECK (idle_timeout_ms > 0),
  enabled               boolean NOT NULL,
  PRIMARY KEY (model, supplier, upstream_model)
);

-- A published price never changes. Withdrawing takes it out of force; it still explains what it priced.
CREATE TABLE price_version (
  id             uuid        PRIMARY KEY,
  supplier       text        NOT NULL,
  model          text        NOT NULL,
  effective_from timestamptz NOT NULL,
  source         text        NOT NULL,
  published_at   timestamptz NOT NULL,
  withdrawn_at   timestamptz
);
CREATE UNIQUE INDEX price_version_in_force ON price_version (supplier, model, effective_from)
  WHERE withdrawn_at IS NULL;

CREATE TABLE price_day_window (
  price_version_id uuid     NOT NULL REFERENCES price_version,
  ordinal          smallint NOT NULL CHECK (ordinal > 0),
  from_second      integer  NOT NULL CHECK (from_second BETWEEN 0 AND 86400),
  to_second        integer  NOT NULL CHECK (to_second BETWEEN 0 AND 86400),
  -- UTC weekdays, 0 = Sunday; null = every day.
  weekdays         smallint[],
  PRIMARY KEY (price_version_id, ordinal)
);

CREATE TABLE price_rate (
  price_version_id   uuid     NOT NULL REFERENCES price_version,
  -- 0 holds all day; otherwise price_day_window.ordinal.
  day_window         smallint NOT NULL CHECK (day_window >= 0),
  service_tier       text     NOT NULL,
  above_input_tokens bigint   NOT NULL CHECK (above_input_tokens >= 0),
  unit               text     NOT NULL,
  -- Never negative: a negative rate would pay customers for their usage.
  rate_pico_usd      bigint   NOT NULL CHECK (rate_pico_usd BETWEEN 0 AND 9007199254740991),
  PRIMARY KEY (price_version_id, day_window, service_tier, above_input_tokens, unit)
);

CREATE FUNCTION refuse_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'price_version' AND TG_OP = 'UPDATE' THEN
    IF to_jsonb(NEW) - 'withdrawn_at' = to_jsonb(OLD) - 'withdrawn_at' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a published price is immutable' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER price_version_immutable BEFORE UPDATE OR DELETE ON price_version
  FOR EACH ROW EXECUTE FUNCTION refuse_price_change();
CREATE TRIGGER price_rate_immutable BEFORE UPDATE OR DELETE ON price_rate
  FOR EACH ROW EXECUTE FUNCTION refuse_price_change();
CREATE TRIGGER price_day_window_immutable BEFORE UPDATE OR DELETE ON price_day_window
  FOR EACH ROW EXECUTE FUNCTION refuse_price_change();

-- Names in responses that mean a model whose price is kept under another name.
CREATE TABLE price_name (
  supplier text NOT NULL,
  kind     text NOT NULL CHECK (kind IN ('exact', 'dated', 'prefix')),
  text     text NOT NULL,
  model    text NOT NULL,
  -- Sorts before 'offer', so that what the operator wrote overrides what an import brought.
  origin   text NOT NULL CHECK (origin IN ('import', 'offer')),
  PRIMARY KEY (supplier, kind, text, origin)
);

-- One row. Grows with every change of the tables above, so that a process knows whether its snapshot
-- is current.
CREATE TABLE catalog_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  bigint  NOT NULL
);
INSERT INTO catalog_state (version) VALUES (0);

-- Every document ever applied, as it was written, with what it published and what that replaced.
CREATE TABLE offer (
  version              integer     PRIMARY KEY CHECK (version > 0),
  document             text        NOT NULL,
  applied_at           timestamptz NOT NULL,
  applied_by           text        NOT NULL,
  -- The offer that was in force before this one.
  previous             integer     REFERENCES offer,
  published_price_ids  uuid[]      NOT NULL,
  withdrawn_price_ids  uuid[]      NOT NULL,
  -- plan -> plan version that was current before; null where the plan is new.
  plans_before         jsonb       NOT NULL,
  undone_at            timestamptz
);

-- One row: the offer in force, none before the first.
CREATE TABLE offer_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version  integer REFERENCES offer
);
INSERT INTO offer_state (version) VALUES (NULL);
