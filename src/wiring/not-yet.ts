import { DomainError } from '#base/domain-error.ts';
import type { Services } from '#http/services.ts';

type Coming = Pick<Services, 'console' | 'identity' | 'me' | 'planRequests'>;

/** Stands where the contract is published and the work is not: every call says so. */
export function notYet(): Coming {
  const missing = (): never => {
    throw new DomainError('not_found', 'This is not there yet.');
  };
  const nothing = new Proxy({}, { get: () => missing });
  return { console: nothing, identity: nothing, me: nothing, planRequests: nothing } as Coming;
}
