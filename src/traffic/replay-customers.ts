import { seededRandom, shuffle } from '#base/random.ts';
import { CLASS_MIX, type DemoPlan, PLAN_MIX, VOLUME_OF_PLAN } from './calibration.ts';
import { SIMULATED_MODELS } from './demo-request.ts';
import { apportion, Chooser, chooserOf, logNormals, seedOf } from './draw.ts';

/** The operator's API, as much of it as a replay needs. */
export interface ReplayControl {
  call<Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Result>;
}

/** A customer before there is one. */
export interface ReplayShare {
  readonly plan: DemoPlan;
  /** In proportion to this a customer gets the trace's requests. */
  readonly weight: number;
}

export interface ReplayCustomer extends ReplayShare {
  readonly secret: string;
}

/**
 * σ of the logarithm of a customer's share: the middle of what clients of production services have
 * (ServeGen, language models: 2.15 to 2.7).
 */
export const SHARE_SIGMA = 2.3;
/** What those who pay as they go have bought before the replay. */
const CREDITS_USD = '1000';
/** Customers that are made at the same time. */
const MAKING_MAX = 8;

/**
 * Who takes part: plans in their mix, and on each plan shares from every slice of the tail around that
 * plan's volume, since whoever uses more buys more. The same for the same seed.
 */
export function replayShares(count: number, seed: number): readonly ReplayShare[] {
  const random = seededRandom(seedOf(seed));
  const shares = [...apportion(count, PLAN_MIX)].flatMap(([plan, of]) =>
    logNormals(random, of, { median: VOLUME_OF_PLAN[plan], sigma: SHARE_SIGMA }).map((weight) => ({
      plan,
      weight,
    })),
  );
  shuffle(shares, random);
  return shares;
}

/** Says, request by request, who sends it and to which model. */
export function replayMapping<Customer extends ReplayShare>(
  customers: readonly Customer[],
  seed: number,
): () => { readonly customer: Customer; readonly model: string } {
  const random = seededRandom(seedOf(seed, 1));
  const chooser = new Chooser(customers.map((customer) => [customer, customer.weight]));
  const classes = new Map(customers.map(({ plan }) => [plan, chooserOf(CLASS_MIX[plan])]));
  return () => {
    const customer = chooser.choose(random);
    const className = classes.get(customer.plan)?.choose(random) ?? 'fast';
    return { customer, model: SIMULATED_MODELS[className] };
  };
}

/**
 * Makes the customers, each with its key, and credits for those who pay as they go.
 * @throws DomainError the operator API's own
 */
export async function makeReplayCustomers(
  client: ReplayControl,
  options: {
    readonly count: number;
    readonly seed: number;
    readonly book: 'live' | 'test';
    readonly onProgress: (text: string) => void;
  },
): Promise<readonly ReplayCustomer[]> {
  const { count, seed, book, onProgress } = options;
  const shares = replayShares(count, seed);
  const customers: ReplayCustomer[] = [];
  for (let from = 0; from < count; from += MAKING_MAX) {
    const some = shares.slice(from, from + MAKING_MAX);
    const names = some.map((_, i) => `Replay ${seed}/${from + i + 1}`);
    customers.push(
      ...(await Promise.all(
        some.map((share, i) => makeCustomer(client, { ...share, name: names[i] ?? '', book })),
      )),
    );
    onProgress(`${customers.length} of ${count} customers made`);
  }
  return customers;
}

async function makeCustomer(
  client: ReplayControl,
  {
    name,
    book,
    plan,
    weight,
  }: ReplayShare & { readonly name: string; readonly book: 'live' | 'test' },
): Promise<ReplayCustomer> {
  const { id } = await client.call<{ id: string }>('POST', '/customers', { book, name, plan });
  if (plan === 'payg') {
    await client.call('POST', `/customers/${id}/credits`, {
      book,
      kind: 'bought',
      amountUsd: CREDITS_USD,
      reference: `replay ${id}`,
    });
  }
  const { secret } = await client.call<{ secret: string }>('POST', `/customers/${id}/keys`, {
    book,
    name: 'replay',
  });
  return { plan, weight, secret };
}
