import { type Id, parseId } from '#base/id.ts';

/**
 * The chart of accounts. A transfer names two accounts by number. The numbers below 1000 are fixed:
 * those of a customer stand for that bucket of the customer on the transfer's row. Every other
 * account has a name, which {@link LedgerAccounts} gives a number once.
 */
export const CUSTOMER_ALLOWANCE = 1;
export const CUSTOMER_PROMOTIONAL = 2;
export const CUSTOMER_BOUGHT = 3;
/** Charged past the credits and not yet paid: what the customer owes. */
export const CUSTOMER_OVERAGE = 4;
/** Price of the running period that is not yet earned. */
export const CUSTOMER_DEFERRED = 5;
export const PAYMENTS_RECEIVED = 100;
/** What plans gave as allowance. Its use is no revenue: the price of the period already is. */
export const ALLOWANCE_GRANTED = 101;
export const PROMOTIONAL_EXPENSE = 102;

/** Names of the house's own accounts that come into being with plans, suppliers and models. */
export const ledgerAccountName = {
  subscriptionRevenue: (plan: Id<'planVersion'>): string => `revenue:subscription:${plan}`,
  usageRevenue: (plan: Id<'planVersion'>): string => `revenue:usage:${plan}`,
  /** Usage that promotional credit paid: kept apart from revenue that somebody pays. */
  promotionalRevenue: (plan: Id<'planVersion'>): string => `revenue:promotional:${plan}`,
  breakage: (plan: Id<'planVersion'>): string => `revenue:breakage:${plan}`,
  cost: (supplier: string, model: string): string => `cost:${supplier}:${model}`,
  payable: (supplier: string): string => `payable:${supplier}`,
} as const;

/** The plan version that a house account is of; `undefined` where it is of none. */
export function planOfLedgerAccount(name: string): Id<'planVersion'> | undefined {
  const [family, , plan = ''] = name.split(':');
  return family === 'revenue' ? parseId('planVersion', plan) : undefined;
}
