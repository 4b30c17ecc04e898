import { expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { namedId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import type { HoldRef, Measurement, Settled } from '#admission/admission.ts';
import { Settler } from './settler.ts';

const hold: HoldRef = {
  book: 'test',
  customerId: namedId('customer', 'x'),
  requestId: namedId('request', 'x'),
  admittedAtMs: 0,
};
const measurement: Measurement = {
  attempts: [],
  actual: { tokens: 0, costNanoUsd: nanoUsd(1), chargeNanoUsd: nanoUsd(1) },
  estimated: false,
  outcome: 'completed',
  upstreamMs: 1,
};
const done: Settled = {
  chargeNanoUsd: nanoUsd(1),
  costNanoUsd: nanoUsd(1),
  overrunNanoUsd: nanoUsd(0),
  remainingNanoUsd: nanoUsd(9),
  repeated: false,
};

/** A settler whose store answers by `settle`, with the error lines of its log. */
function settlerOn(settle: () => Promise<Settled>): { settler: Settler; errors: string[] } {
  const errors: string[] = [];
  const log = {
    info() {},
    warn() {},
    error: (_fields: object, message: string) => errors.push(message),
  };
  return {
    settler: new Settler({ admission: { settle, void: async () => undefined, hurry() {} }, log }),
    errors,
  };
}

test('what the store takes at once is reported at once', async () => {
  const { settler } = settlerOn(async () => done);
  expect(await settler.settle(hold, measurement, { urgency: 'now', waitMs: 1_000 })).toEqual(done);
  expect(await settler.drain(10)).toBe(0);
});

test('what the store does not take is tried again until it does', async () => {
  let tries = 0;
  const { settler, errors } = settlerOn(async () => {
    tries += 1;
    if (tries < 3) throw new DomainError('store_unavailable', 'away');
    return done;
  });
  expect(
    await settler.settle(hold, measurement, { urgency: 'now', waitMs: 1_000 }),
  ).toBeUndefined();
  expect(settler.late).toBe(1);
  expect(await settler.drain(5_000)).toBe(0);
  expect(tries).toBe(3);
  expect(errors).toEqual([]);
});

test('a store that hangs keeps no answer back', async () => {
  const hanging = Promise.withResolvers<Settled>();
  const { settler } = settlerOn(() => hanging.promise);
  const startedAtMs = performance.now();
  expect(await settler.settle(hold, measurement, { urgency: 'now', waitMs: 60 })).toBeUndefined();
  expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  expect(await settler.drain(20)).toBe(1);
  hanging.resolve(done);
});

test('an error that waiting does not mend goes to the operator and the reaper', async () => {
  let tries = 0;
  const { settler, errors } = settlerOn(async () => {
    tries += 1;
    throw new DomainError('not_found', 'no such hold');
  });
  expect(
    await settler.settle(hold, measurement, { urgency: 'now', waitMs: 1_000 }),
  ).toBeUndefined();
  await settler.drain(100);
  expect(tries).toBe(1);
  expect(errors).toEqual([expect.stringContaining('failed for good')]);
});
