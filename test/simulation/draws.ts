import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import type { Amounts, DecisionRequest } from '#plans/decision.ts';
import { pick } from './random-plan.ts';

const HOUR_MS = 3_600_000;

/** Mostly moments, now and then hours or days, sometimes a clock that is set back: milliseconds. */
export function timePassed(random: Random): number {
  const draw = random.next();
  if (draw < 0.55) return random.below(200);
  if (draw < 0.75) return random.below(60_000);
  if (draw < 0.9) return random.below(2 * HOUR_MS);
  if (draw < 0.95) return random.below(48 * HOUR_MS);
  return 0 - random.below(10_000);
}

/** A request for a class that the plan has, mostly, with others to fall back to. */
export function randomRequest(
  random: Random,
  given: {
    readonly requestId: Id<'request'>;
    readonly atMs: number;
    /** The plan's classes. */
    readonly names: readonly string[];
  },
): DecisionRequest {
  const { requestId, atMs, names } = given;
  const asked = random.next() < 0.03 ? 'unknown' : pick(random, names);
  const others = names.filter((name) => name !== asked && random.next() < 0.9);
  return {
    atMs,
    requestId,
    candidates: [asked, ...others].map((className) => ({
      className,
      quote: randomAmounts(random, 400),
      available: random.next() < 0.95,
    })),
    ...(random.next() < 0.7 ? { memberId: pick(random, ['mem_a', 'mem_b']) as Id<'member'> } : {}),
    ...(random.next() < 0.7 ? { keyId: pick(random, ['key_a', 'key_b']) as Id<'apiKey'> } : {}),
    ...(random.next() < 0.3 ? { keyCapNanoUsd: (1 + random.below(3000)) as NanoUsd } : {}),
  };
}

function randomAmounts(random: Random, below: number): Amounts {
  const amount = () => (random.next() < 0.05 ? 0 : random.below(below));
  return {
    tokens: amount(),
    costNanoUsd: amount() as NanoUsd,
    chargeNanoUsd: amount() as NanoUsd,
  };
}

/** Mostly below the quote, sometimes exactly it, sometimes above. */
export function randomActual(random: Random, quote: Amounts): Amounts {
  const draw = random.next();
  const perMille = draw < 0.7 ? random.below(1001) : draw < 0.85 ? 1000 : 1000 + random.below(2000);
  const scale = (amount: number) => Math.floor((amount * perMille) / 1000);
  return {
    tokens: scale(quote.tokens),
    costNanoUsd: scale(quote.costNanoUsd) as NanoUsd,
    chargeNanoUsd: scale(quote.chargeNanoUsd) as NanoUsd,
  };
}
