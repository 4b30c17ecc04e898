SELECT 'nobody can be two members at once' WHERE NOT EXISTS (
  SELECT FROM pg_indexes WHERE indexname = 'member_by_person' AND indexdef LIKE '%UNIQUE%');
