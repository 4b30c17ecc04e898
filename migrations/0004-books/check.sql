-- Each row is a violated expectation.
SELECT 'no default partition: ' || p.relname AS violation
FROM pg_class p
WHERE p.relname IN ('decision', 'usage_event', 'transfer', 'account_operation') AND p.relkind = 'p'
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = p.oid);
SELECT 'ledger account numbers are taken: ' || name AS violation
FROM ledger_account WHERE number >= 1000;
