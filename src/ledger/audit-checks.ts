/**
 * What must be equal in the books, each as a query over one book (`$1`) that returns only what is
 * not: `subject`, `expected`, `found`.
 */
export interface AuditCheck {
  readonly name: AuditCheckName;
  readonly sql: string;
}

export type AuditCheckName =
  | 'postings'
  | 'balances'
  | 'event_transfers'
  | 'usage_rollups'
  | 'revenue_rollups'
  | 'decisions'
  | 'sequence';

/** Every transfer names two accounts that exist, and over all accounts its postings cancel out. */
const POSTINGS = `
  SELECT 'transfer of ' || t.customer || ' #' || t.seq || '.' || t.line AS subject,
         'two known ledger accounts and an amount above zero' AS expected,
         'debit ' || t.debit || ', credit ' || t.credit || ', ' || t.amount AS found
    FROM transfer t
    LEFT JOIN ledger_account d ON d.number = t.debit
    LEFT JOIN ledger_account c ON c.number = t.credit
   WHERE t.book = $1 AND (d.number IS NULL OR c.number IS NULL OR t.amount <= 0 OR t.debit = t.credit)
  UNION ALL
  SELECT 'all postings', '0', total::text
    FROM (SELECT sum(p.amount) AS total
            FROM transfer t
            JOIN ledger_account a ON a.number IN (t.debit, t.credit)
            CROSS JOIN LATERAL (SELECT CASE a.number WHEN t.debit THEN t.amount ELSE -t.amount END AS amount) p
           WHERE t.book = $1) s
   WHERE total <> 0`;

/** The buckets of every account are the fold of its transfers. */
const BALANCES = `
  WITH posting AS (
    SELECT customer, credit AS number, amount FROM transfer WHERE book = $1 AND credit < 100
    UNION ALL
    SELECT customer, debit, -amount FROM transfer WHERE book = $1 AND debit < 100),
  folded AS (
    SELECT customer, number, sum(amount) AS balance FROM posting GROUP BY customer, number),
  held AS (
    SELECT a.customer, b.number, b.balance
      FROM account a
      CROSS JOIN LATERAL (VALUES
        (1, a.allowance), (2, a.promotional), (3, a.bought),
        (4, -a.overage_owed), (5, a.price - a.accrued)) AS b(number, balance)
     WHERE a.book = $1)
  SELECT coalesce(h.customer, f.customer) || ' ' || l.name AS subject,
         coalesce(f.balance, 0) AS expected, h.balance AS found
    FROM held h
    FULL JOIN folded f ON f.customer = h.customer AND f.number = h.number
    LEFT JOIN ledger_account l ON l.number = coalesce(h.number, f.number)
   WHERE coalesce(f.balance, 0) IS DISTINCT FROM h.balance`;

/** What was posted for an event is what the event says, bucket by bucket. */
const EVENT_TRANSFERS = `
  WITH house AS (SELECT number, split_part(name, ':', 1) AS kind FROM ledger_account WHERE number >= 1000),
  posted AS (
    SELECT t.customer, t.event,
           sum(CASE WHEN d.kind = 'cost' THEN t.amount WHEN c.kind = 'cost' THEN -t.amount ELSE 0 END) AS cost,
           sum(CASE WHEN t.debit = 1 THEN t.amount WHEN t.credit = 1 THEN -t.amount ELSE 0 END) AS allowance,
           sum(CASE WHEN t.debit = 2 THEN t.amount WHEN t.credit = 2 THEN -t.amount ELSE 0 END) AS promotional,
           sum(CASE WHEN t.debit = 3 THEN t.amount WHEN t.credit = 3 THEN -t.amount ELSE 0 END) AS bought,
           sum(CASE WHEN t.debit = 4 THEN t.amount WHEN t.credit = 4 THEN -t.amount ELSE 0 END) AS overage
      FROM transfer t
      LEFT JOIN house d ON d.number = t.debit
      LEFT JOIN house c ON c.number = t.credit
     WHERE t.book = $1 AND t.event IS NOT NULL AND t.kind <> 'refund'
     GROUP BY t.customer, t.event)
  SELECT 'event ' || coalesce(e.id, p.event) || ' of ' || coalesce(e.customer, p.customer) AS subject,
         concat_ws(' ', e.cost, e.paid_allowance, e.paid_promotional, e.paid_bought, e.paid_overage) AS expected,
         concat_ws(' ', p.cost, p.allowance, p.promotional, p.bought, p.overage) AS found
    FROM (SELECT * FROM usage_event WHERE book = $1) e
    FULL JOIN posted p ON p.customer = e.customer AND p.event = e.id
   WHERE e.id IS NULL
      OR (e.cost, e.paid_allowance, e.paid_promotional, e.paid_bought, e.paid_overage)
         IS DISTINCT FROM
         (coalesce(p.cost, 0), coalesce(p.allowance, 0), coalesce(p.promotional, 0),
          coalesce(p.bought, 0), coalesce(p.overage, 0))`;

const USAGE_SUMS = [
  'estimated',
  'tokens_in',
  'tokens_out',
  'cost',
  'charge',
  'paid_allowance',
  'paid_promotional',
  'paid_bought',
  'paid_overage',
  'overrun',
] as const;

/** Rollups of usage are the sums of the events that used something. */
const USAGE_ROLLUPS = `
  WITH summed AS (
    SELECT customer, day, plan_version, model, count(*) AS requests,
           ${USAGE_SUMS.map((sum) => (sum === 'estimated' ? 'count(*) FILTER (WHERE estimated) AS estimated' : `sum(${sum}) AS ${sum}`)).join(', ')}
      FROM usage_event WHERE book = $1 AND outcome <> 'voided'
     GROUP BY customer, day, plan_version, model)
  SELECT concat_ws(' ', coalesce(r.customer, s.customer), coalesce(r.day, s.day),
                   coalesce(r.plan_version, s.plan_version), coalesce(r.model, s.model)) AS subject,
         concat_ws(' ', s.requests, ${USAGE_SUMS.map((sum) => `s.${sum}`).join(', ')}) AS expected,
         concat_ws(' ', r.requests, ${USAGE_SUMS.map((sum) => `r.${sum}`).join(', ')}) AS found
    FROM (SELECT * FROM usage_rollup WHERE book = $1) r
    FULL JOIN summed s USING (customer, day, plan_version, model)
   WHERE (r.requests, ${USAGE_SUMS.map((sum) => `r.${sum}`).join(', ')})
         IS DISTINCT FROM (s.requests, ${USAGE_SUMS.map((sum) => `s.${sum}`).join(', ')})`;

/** Rollups of subscriptions and breakage are the sums of their transfers; days differ: one transfer earns many. */
const REVENUE_ROLLUPS = `
  WITH revenue AS (
    SELECT number, split_part(name, ':', 2) AS kind FROM ledger_account WHERE name LIKE 'revenue:%'),
  posting AS (
    SELECT t.customer, t.kind AS transfer, r.kind, t.amount
      FROM transfer t JOIN revenue r ON r.number = t.credit WHERE t.book = $1
    UNION ALL
    SELECT t.customer, t.kind, r.kind, -t.amount
      FROM transfer t JOIN revenue r ON r.number = t.debit WHERE t.book = $1),
  posted AS (
    SELECT customer,
           coalesce(sum(amount) FILTER (WHERE kind = 'subscription'), 0) AS subscription,
           coalesce(sum(amount) FILTER (WHERE kind = 'breakage'), 0) AS breakage,
           coalesce(-sum(amount) FILTER (WHERE kind = 'usage' AND transfer = 'refund'), 0) AS refunded
      FROM posting GROUP BY customer),
  rolled AS (
    SELECT customer, sum(subscription) AS subscription, sum(breakage) AS breakage, sum(refunded) AS refunded
      FROM revenue_rollup WHERE book = $1 GROUP BY customer)
  SELECT 'revenue of ' || coalesce(r.customer, p.customer) AS subject,
         concat_ws(' ', coalesce(p.subscription, 0), coalesce(p.breakage, 0), coalesce(p.refunded, 0)) AS expected,
         concat_ws(' ', r.subscription, r.breakage, r.refunded) AS found
    FROM rolled r FULL JOIN posted p USING (customer)
   WHERE (coalesce(p.subscription, 0), coalesce(p.breakage, 0), coalesce(p.refunded, 0))
         IS DISTINCT FROM (coalesce(r.subscription, 0), coalesce(r.breakage, 0), coalesce(r.refunded, 0))`;

/** Every event has its decision, and no request was admitted twice. */
const DECISIONS = `
  SELECT 'event ' || e.id || ' of ' || e.customer AS subject, 'an admitted decision' AS expected,
         coalesce('decision #' || d.seq || ', ' || coalesce('admitted', d.reason), 'none') AS found
    FROM (SELECT * FROM usage_event WHERE book = $1) e
    LEFT JOIN (SELECT * FROM decision WHERE book = $1) d
      ON d.customer = e.customer AND d.seq = e.decision_seq AND d.request = e.id
   WHERE d.class_served IS NULL
  UNION ALL
  SELECT 'request ' || request || ' of ' || customer, 'admitted once', 'admitted ' || count(*) || ' times'
    FROM decision WHERE book = $1 AND class_served IS NOT NULL
   GROUP BY customer, request HAVING count(*) > 1
  UNION ALL
  SELECT 'event ' || id || ' of ' || customer, 'one event', count(*) || ' events'
    FROM usage_event WHERE book = $1 GROUP BY customer, id HAVING count(*) > 1`;

/** The numbers of an account's decisions, events and operations run from 1 without a gap. */
const SEQUENCE = `
  WITH numbered AS (
    SELECT customer, seq FROM decision WHERE book = $1
    UNION ALL SELECT customer, seq FROM usage_event WHERE book = $1
    UNION ALL SELECT customer, seq FROM account_operation WHERE book = $1),
  counted AS (
    SELECT customer, count(*) AS rows, count(DISTINCT seq) AS numbers, max(seq) AS last FROM numbered GROUP BY customer)
  SELECT 'account ' || coalesce(a.customer, c.customer) AS subject,
         coalesce(a.seq, 0) || ' numbers up to ' || coalesce(a.seq, 0) AS expected,
         coalesce(c.rows, 0) || ' rows with ' || coalesce(c.numbers, 0) || ' numbers up to ' || coalesce(c.last, 0) AS found
    FROM (SELECT * FROM account WHERE book = $1) a
    FULL JOIN counted c USING (customer)
   WHERE (c.rows, c.numbers, c.last) IS DISTINCT FROM (a.seq, a.seq, a.seq)`;

export const AUDIT_CHECKS: readonly AuditCheck[] = Object.freeze([
  { name: 'postings', sql: POSTINGS },
  { name: 'balances', sql: BALANCES },
  { name: 'event_transfers', sql: EVENT_TRANSFERS },
  { name: 'usage_rollups', sql: USAGE_ROLLUPS },
  { name: 'revenue_rollups', sql: REVENUE_ROLLUPS },
  { name: 'decisions', sql: DECISIONS },
  { name: 'sequence', sql: SEQUENCE },
]);
