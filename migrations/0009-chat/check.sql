-- Each row is a violated expectation.
SELECT 'generation whose log has a gap: ' || g.id AS violation
FROM generation g
WHERE g.status = 'running'
  AND g.last_seq <> (SELECT count(*) FROM generation_entry e WHERE e.generation_id = g.id);
