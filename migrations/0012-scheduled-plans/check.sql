-- Each row is a violated expectation.
SELECT 'moved by a change that was never published: ' || n.schedule AS violation
FROM plan_notice n JOIN scheduled_plan s ON s.id = n.schedule
WHERE n.state = 'moved' AND s.state <> 'published'
UNION ALL
SELECT 'published as a version of another plan: ' || s.id
FROM scheduled_plan s JOIN plan_version v ON v.id = s.plan_version_id
WHERE v.plan <> s.plan;
