-- Sums that reports read, kept by the transaction that books the event they sum.

CREATE TABLE usage_rollup (
  book             book   NOT NULL,
  customer         uuid   NOT NULL,
  day              date   NOT NULL,
  plan_version     uuid   NOT NULL,
  model            text   NOT NULL,
  requests         bigint NOT NULL,
  estimated        bigint NOT NULL,
  tokens_in        bigint NOT NULL,
  tokens_out       bigint NOT NULL,
  cost             bigint NOT NULL,
  charge           bigint NOT NULL,
  paid_allowance   bigint NOT NULL,
  paid_promotional bigint NOT NULL,
  paid_bought      bigint NOT NULL,
  paid_overage     bigint NOT NULL,
  overrun          bigint NOT NULL,
  PRIMARY KEY (book, customer, day, plan_version, model)
) WITH (
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0
);

-- Revenue that no usage event carries. A row of zeros says that the customer was on the plan that day.
CREATE TABLE revenue_rollup (
  book         book   NOT NULL,
  customer     uuid   NOT NULL,
  day          date   NOT NULL,
  plan_version uuid   NOT NULL,
  subscription bigint NOT NULL,
  breakage     bigint NOT NULL,
  -- Given back of what bought credits and overage had paid.
  refunded     bigint NOT NULL,
  PRIMARY KEY (book, customer, day, plan_version)
) WITH (fillfactor = 60);
