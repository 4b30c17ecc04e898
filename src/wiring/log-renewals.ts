import type { Logger } from 'pino';
import type { RenewalReport } from '#subscriptions/subscriptions.ts';

/** Writes down what a pass of renewals mended and what it could not, by opaque ids. */
export function logRenewals(log: Logger, report: RenewalReport): RenewalReport {
  const { opened, failures } = report;
  if (opened > 0) log.warn({ opened }, 'opened accounts that an interrupted start had left out');
  for (const { subscription, error } of failures) {
    const { book, id, customerId } = subscription;
    log.error(
      { book, subscription: id, customer: customerId, err: error },
      'cannot renew a subscription',
    );
  }
  return report;
}
