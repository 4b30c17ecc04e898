import { Buffer } from 'node:buffer';
import { decodeAttempts, decodeCandidates, decodeHoldVector } from '#admission/record-bytes.ts';
import { addUsage, NO_USAGE, USAGE_UNITS } from '#metering/usage.ts';
import type { LakeTable } from './lake-layout.ts';

/** A column as the lake keeps it. */
export interface LakeColumn {
  readonly name: string;
  readonly type: string;
}

/** Candidates beyond these are counted (`candidates`), not kept: a replay then knows what it lacks. */
export const CANDIDATES_KEPT = 4;

const columns = (text: string): readonly LakeColumn[] =>
  text
    .trim()
    .split(/,\s*/)
    .map((column) => {
      const [name = '', type = 'BIGINT'] = column.split(/\s+/);
      return { name, type };
    });

/** What PostgreSQL is asked for, in this order; packed columns last. */
const DECISION_PLAIN =
  'customer UUID, seq, request UUID, clock_ms, at_ms, period_start_ms, process INTEGER, ordinal INTEGER, subscription UUID, plan_version UUID, member UUID, api_key UUID, key_cap, surface VARCHAR, streamed BOOLEAN, model_asked VARCHAR, input_tokens, output_asked, output_sent, class_asked VARCHAR, class_served VARCHAR, reason VARCHAR, gate VARCHAR, fallback VARCHAR, slow BOOLEAN';
const USAGE_PLAIN =
  'customer UUID, id UUID, decision_seq, seq, ordinal INTEGER, admitted_ms, settled_ms, plan_version UUID, class VARCHAR, model VARCHAR, supplier VARCHAR, price_version UUID, outcome VARCHAR, estimated BOOLEAN, tokens_in, tokens_out, cost, tariff, charge, paid_allowance, paid_promotional, paid_bought, paid_overage, overrun, upstream_ms INTEGER, reason VARCHAR, refunded, estimate_cost, estimate_charge';
const OPERATION =
  'customer UUID, seq, clock_ms, at_ms, ordinal INTEGER, kind VARCHAR, request UUID, plan_version UUID, facts VARCHAR';
const REVENUE = 'customer UUID, plan_version UUID, subscription, breakage, refunded';

const candidateColumns = Array.from(
  { length: CANDIDATES_KEPT },
  (_, i) =>
    `c${i}_class VARCHAR, c${i}_available BOOLEAN, c${i}_tokens BIGINT, c${i}_cost BIGINT, c${i}_charge BIGINT, c${i}_price VARCHAR`,
).join(', ');
const unitColumns = USAGE_UNITS.map((unit) => `u_${unit} BIGINT`).join(', ');

/** The columns of each table's Parquet. */
export const LAKE_COLUMNS: Readonly<Record<LakeTable, readonly LakeColumn[]>> = {
  decision: columns(
    `${DECISION_PLAIN}, candidates INTEGER, ${candidateColumns}, held BIGINT, counted BIGINT`,
  ),
  usage: columns(`${USAGE_PLAIN}, attempts INTEGER, service_tier VARCHAR, ${unitColumns}`),
  operation: columns(OPERATION),
  revenue: columns(REVENUE),
};

/** What is read from the books for each table. */
export const BOOK_COLUMNS: Readonly<Record<LakeTable, readonly string[]>> = {
  decision: [...columns(DECISION_PLAIN).map(({ name }) => name), 'candidates', 'hold'],
  usage: [...columns(USAGE_PLAIN).map(({ name }) => name), 'attempts'],
  operation: columns(OPERATION).map(({ name }) => name),
  revenue: columns(REVENUE).map(({ name }) => name),
};

const NULL = '\\N';

/**
 * Turns a line of PostgreSQL's text format into the lake's: packed columns become plain ones, all else
 * passes as it is. Lines of tables without packed columns are not touched.
 */
export function lakeLine(table: LakeTable, line: string): string {
  if (table === 'decision') return decisionLine(line);
  return table === 'usage' ? usageLine(line) : line;
}

function decisionLine(line: string): string {
  const holdAt = line.lastIndexOf('\t');
  const candidatesAt = line.lastIndexOf('\t', holdAt - 1);
  const candidates = decodeCandidates(bytesOf(line.slice(candidatesAt + 1, holdAt)));
  const hold = decodeHoldVector(bytesOf(line.slice(holdAt + 1)));
  const held = hold.payments.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0);
  // Bit n: gate n of the plan's program counted the request.
  const counted = hold.gates.reduce<number>(
    (mask, amount, gate) => (amount === undefined ? mask : mask + 2 ** gate),
    0,
  );
  const fields: (string | number)[] = [line.slice(0, candidatesAt), candidates.length];
  for (let i = 0; i < CANDIDATES_KEPT; i++) {
    const each = candidates[i];
    if (each === undefined) fields.push(NULL, NULL, NULL, NULL, NULL, NULL);
    else {
      const { tokens, costNanoUsd, chargeNanoUsd } = each.quote;
      fields.push(each.className, each.available ? 't' : 'f', tokens, costNanoUsd, chargeNanoUsd);
      fields.push(each.priceVersionId ?? NULL);
    }
  }
  fields.push(held, counted);
  return fields.join('\t');
}

function usageLine(line: string): string {
  const attemptsAt = line.lastIndexOf('\t');
  const attempts = decodeAttempts(bytesOf(line.slice(attemptsAt + 1)));
  const usage =
    attempts.length === 1 && attempts[0] !== undefined
      ? attempts[0].usage
      : attempts.reduce((sum, attempt) => addUsage(sum, attempt.usage), NO_USAGE);
  const fields: (string | number)[] = [
    line.slice(0, attemptsAt),
    attempts.length,
    attempts.at(-1)?.serviceTier ?? NULL,
  ];
  for (const unit of USAGE_UNITS) fields.push(usage[unit]);
  return fields.join('\t');
}

/** Of `\\x0102`, as the text format writes bytes. */
function bytesOf(field: string): Buffer {
  return Buffer.from(field.slice(3), 'hex');
}
