-- Each row is a violated expectation.
SELECT 'idempotency key that expires before its claim ends: ' || encode(key_sha256, 'hex') AS violation
FROM idempotency_key
WHERE expires_at < claimed_until;
