-- Each row is a violated expectation.
SELECT 'api key of another book than its member: ' || k.id AS violation
FROM api_key k JOIN member m ON m.id = k.member_id
WHERE m.book <> k.book OR m.customer_id <> k.customer_id;
