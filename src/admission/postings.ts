import type { Id } from '#base/id.ts';
import {
  ALLOWANCE_GRANTED,
  CUSTOMER_ALLOWANCE,
  CUSTOMER_BOUGHT,
  CUSTOMER_OVERAGE,
  CUSTOMER_PROMOTIONAL,
  ledgerAccountName,
} from '#ledger/ledger-account.ts';
import type { AttemptUsage } from './admission.ts';
import type { Posting } from './write-set.ts';

/** What of a charge each bucket pays. */
export interface PaidParts {
  readonly allowanceNanoUsd: number;
  readonly promotionalNanoUsd: number;
  readonly boughtNanoUsd: number;
  readonly overageNanoUsd: number;
}

/** Names of the ledger accounts of one settlement: two of the plan, then two of each attempt. */
export function ledgerNames(
  plan: Id<'planVersion'>,
  attempts: readonly Pick<AttemptUsage, 'supplier' | 'model'>[],
): readonly string[] {
  return [
    ledgerAccountName.usageRevenue(plan),
    ledgerAccountName.promotionalRevenue(plan),
    ...attempts.flatMap(({ supplier, model }) => [
      ledgerAccountName.cost(supplier, model),
      ledgerAccountName.payable(supplier),
    ]),
  ];
}

/** What we owe for each attempt. @param accounts numbers of {@link ledgerNames}, in order */
export function costPostings(
  attempts: readonly AttemptUsage[],
  accounts: readonly number[],
): Posting[] {
  return attempts.map(({ costNanoUsd }, i) => ({
    kind: 'cost',
    debit: accounts[2 + 2 * i] ?? 0,
    credit: accounts[3 + 2 * i] ?? 0,
    amountNanoUsd: costNanoUsd,
  }));
}

/** What the customer pays, bucket by bucket. The allowance was paid for with the period. */
export function chargePostings(paid: PaidParts, accounts: readonly number[]): Posting[] {
  const [usage = 0, promotional = 0] = accounts;
  return [
    {
      kind: 'charge',
      debit: CUSTOMER_ALLOWANCE,
      credit: ALLOWANCE_GRANTED,
      amountNanoUsd: paid.allowanceNanoUsd,
    },
    {
      kind: 'charge',
      debit: CUSTOMER_PROMOTIONAL,
      credit: promotional,
      amountNanoUsd: paid.promotionalNanoUsd,
    },
    { kind: 'charge', debit: CUSTOMER_BOUGHT, credit: usage, amountNanoUsd: paid.boughtNanoUsd },
    { kind: 'charge', debit: CUSTOMER_OVERAGE, credit: usage, amountNanoUsd: paid.overageNanoUsd },
  ];
}

/** The same postings the other way round. */
export function reversed(postings: readonly Posting[]): Posting[] {
  return postings.map((posting) => ({
    kind: `reversed ${posting.kind}`,
    debit: posting.credit,
    credit: posting.debit,
    amountNanoUsd: posting.amountNanoUsd,
  }));
}

/** An amount that enters a bucket from `source`; a negative one goes back there. */
export function signedPosting(
  kind: string,
  accounts: { bucket: number; source: number },
  amountNanoUsd: number,
): Posting {
  return amountNanoUsd >= 0
    ? { kind, debit: accounts.source, credit: accounts.bucket, amountNanoUsd }
    : { kind, debit: accounts.bucket, credit: accounts.source, amountNanoUsd: -amountNanoUsd };
}
