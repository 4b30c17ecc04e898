-- Each row is a violated expectation.
SELECT 'require_rows is missing' AS violation
WHERE to_regprocedure('require_rows(bigint, bigint)') IS NULL;
