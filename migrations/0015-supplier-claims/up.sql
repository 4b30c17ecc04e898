-- What suppliers themselves say that they charged, beside what was booked for the same answers. Evidence:
-- the books are never made of it. A kill loses a few seconds of it at most.
CREATE TABLE supplier_claim (
  book     book   NOT NULL,
  day      date   NOT NULL,
  supplier text   NOT NULL,
  -- The supplier's own name for the model.
  model    text   NOT NULL,
  -- Answers that came with a claim, and those whose claim is not what was booked.
  answers  bigint NOT NULL CHECK (answers > 0),
  apart    bigint NOT NULL CHECK (apart BETWEEN 0 AND answers),
  -- Nano-dollars.
  claimed  bigint NOT NULL CHECK (claimed >= 0),
  booked   bigint NOT NULL CHECK (booked >= 0),
  PRIMARY KEY (book, day, supplier, model)
);
