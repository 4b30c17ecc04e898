import type { DomainError } from '#base/domain-error.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { ErrorPart } from './part.ts';

/**
 * An error as a message keeps it. Amounts of gates that count our cost are told as shares: what an
 * answer cost us is nobody's business but the operator's.
 */
export function errorPart(error: DomainError, plan: PlanVersion): ErrorPart {
  const { code, message, facts, retryAfterMs, field } = error;
  const shared = {
    ...facts,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(field !== undefined && { field }),
  };
  const name = typeof facts['gate'] === 'string' ? facts['gate'].split('/')[0] : undefined;
  const gate = plan.gates.find(({ id }) => id === name);
  if (gate === undefined) return { type: 'error', code, message, facts: shared };
  if (gate.unit !== 'cost')
    return { type: 'error', code, message, facts: { ...shared, unit: gate.unit } };
  const { limit: _limit, used: _used, ...open } = shared as Record<string, string | number>;
  return {
    type: 'error',
    code,
    message: 'A limit of this plan is reached.',
    facts: { ...open, unit: 'share' },
  };
}
