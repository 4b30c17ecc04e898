-- Each row is a violated expectation.
SELECT 'current version of another plan: ' || c.plan AS violation
FROM plan_current c JOIN plan_version v ON v.id = c.plan_version_id
WHERE v.plan <> c.plan;
