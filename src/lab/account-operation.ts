import type { AccountChange } from '#admission/account-change.ts';
import type { Amounts } from '#plans/decision.ts';

/** What else happened to an account, as the books recorded it. */
export type AccountOperation =
  | (AccountChange & { readonly atMs: number; readonly event: number })
  | {
      readonly kind: 'extend';
      readonly atMs: number;
      readonly event: number;
      readonly upTo: Amounts;
      /** False: the plan or the buckets did not cover it. */
      readonly extended: boolean;
    }
  | {
      /** A measurement replaced an estimate. */
      readonly kind: 'supersede';
      readonly atMs: number;
      readonly event: number;
      readonly charge: number;
    };

/** Of an operation that is about no event. */
export const NO_EVENT = -1;

/**
 * Reads the facts of an `account_operation` row; none where the kind says it all.
 * @param event index of the event that it is about, or {@link NO_EVENT}
 * @throws RangeError on a kind that nothing writes
 */
export function accountOperation(row: {
  readonly kind: string;
  readonly atMs: number;
  readonly event: number;
  readonly facts: string;
}): AccountOperation {
  const { kind, atMs, event } = row;
  const facts = (row.facts === '' ? { kind } : JSON.parse(row.facts)) as Record<string, unknown>;
  switch (kind) {
    case 'open':
    case 'grant':
    case 'refund':
    case 'change_plan':
    case 'renew':
    case 'cap':
    case 'accrue':
    case 'expire':
      return { ...(facts as unknown as AccountChange), atMs, event };
    case 'extend':
      return {
        kind,
        atMs,
        event,
        upTo: facts as unknown as Amounts,
        extended: facts['extended'] === true,
      };
    case 'supersede':
      return { kind, atMs, event, charge: Number(facts['charge']) };
    default:
      throw new RangeError(`an operation of an unknown kind: ${kind}`);
  }
}
