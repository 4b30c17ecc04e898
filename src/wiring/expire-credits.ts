import type { Pool } from 'pg';
import { accountsWithExpired } from '#admission/account.store.ts';
import type { AdmissionService } from '#admission/admission-service.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';

/**
 * Takes credits that have expired off the books of every account, whether or not anyone touches it:
 * until then they would stand as owed to the customer, and what was bought would not be breakage yet.
 * Each account in its own sequence, so that the books add up at every instant and on several processes
 * at once.
 * @returns of how many accounts. @throws DomainError `store_unavailable`
 */
export async function expireCredits(deps: {
  readonly pool: Pool;
  readonly admission: Pick<AdmissionService, 'change'>;
  readonly clock: Clock;
}): Promise<number> {
  const { pool, admission, clock } = deps;
  const nowMs = clock.nowMs();
  let count = 0;
  for await (const accounts of accountsWithExpired(pool, nowMs)) {
    const expired = await Promise.all(
      accounts.map(async (account) => {
        try {
          await admission.change(account, { kind: 'expire' }, nowMs);
          return true;
        } catch (error) {
          // Another process was first, or a period ended meanwhile: nothing is left to do.
          if (error instanceof DomainError && error.code === 'conflict') return false;
          throw error;
        }
      }),
    );
    count += expired.filter(Boolean).length;
  }
  return count;
}
