-- Each row is a violated expectation.
SELECT 'rollups without their events' AS violation
WHERE EXISTS (SELECT FROM usage_rollup) AND NOT EXISTS (SELECT FROM usage_event);
