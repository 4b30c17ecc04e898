-- Lets a batch write accounts as it remembers them, in one round trip: where one of them has changed
-- meanwhile, fewer rows match than were written, and the whole transaction ends here.
CREATE FUNCTION require_rows(matched bigint, expected bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF matched <> expected THEN
    RAISE EXCEPTION '% of % rows are as they were remembered', matched, expected USING ERRCODE = 'BE001';
  END IF;
END $$;
