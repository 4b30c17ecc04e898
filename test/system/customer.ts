import type { Id } from '#base/id.ts';
import type { Installation } from './installation.ts';

/** A customer of the test plan with a key and, if it is to spend, a budget. */
export interface TestCustomer {
  readonly id: Id<'customer'>;
  readonly key: string;
}

export async function addCustomer(
  installation: Installation,
  budgetUsd: string,
  plan = 'wallet',
): Promise<TestCustomer> {
  const { id } = await installation.call<{ id: Id<'customer'> }>('POST', '/customers', {
    name: 'Tester',
    plan,
  });
  const { secret } = await installation.call<{ secret: string }>('POST', `/customers/${id}/keys`, {
    name: 'tests',
  });
  await installation.call('POST', `/customers/${id}/credits`, {
    kind: 'bought',
    amountUsd: budgetUsd,
    reference: `budget of ${id}`,
  });
  return { id, key: secret };
}
