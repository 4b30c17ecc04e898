/**
 * A process that admits and settles as fast as eight clients can, until it is killed.
 *
 * Usage: node testing-crash.ts '{"address": …, "subject": …, "seed": 1, "sentDirectory": …}'
 */
import process from 'node:process';
import { systemClock } from '#base/clock.ts';
import { seededRandom } from '#base/random.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import { createPool } from '#db/pool.ts';
import type { Subject } from './admission.ts';
import { createAdmission } from './admission-service.ts';
import {
  admitted,
  EPOCH_MS,
  measurementOf,
  planSource,
  requestOf,
  TestClock,
  testPlan,
} from './testing-admission.ts';

const CLIENTS = 8;
const { address, subject, seed, sentDirectory } = JSON.parse(process.argv[2] ?? '{}') as {
  address: DatabaseAddress;
  subject: Subject;
  seed: number;
  sentDirectory?: string;
};
const random = seededRandom(seed);
const clock = new TestClock();
clock.atMs = EPOCH_MS + (systemClock.nowMs() % 1000);
const pool = createPool({ address, applicationName: 'breakeven tests' });
const service = createAdmission({
  address,
  pool,
  plans: planSource([testPlan({ plan: 'metered' })]),
  clock,
  random,
  ...(sentDirectory === undefined ? {} : { sentDirectory }),
  // The parent says when to reap.
  leaseTimes: { heartbeatMs: 60_000 },
});
await service.start();

async function client(): Promise<never> {
  for (;;) {
    const hold = await admitted(service, subject, requestOf({ clock, random }, { charge: 1000 }));
    service.sending(hold);
    const used = measurementOf({ charge: 700 });
    service.measured(hold, used);
    await service.settle(hold, used, 'soon');
  }
}
// A stream that is still open when the end comes.
service.sending(await admitted(service, subject, requestOf({ clock, random }, { charge: 1000 })));
if (sentDirectory !== undefined) {
  // A request that never gets as far as its supplier.
  await admitted(service, subject, requestOf({ clock, random }, { charge: 3000 }));
  // And one that is answered, and not booked in time.
  const hold = await admitted(service, subject, requestOf({ clock, random }, { charge: 1000 }));
  service.sending(hold);
  service.measured(hold, measurementOf({ charge: 700 }));
}
const clients = Array.from({ length: CLIENTS }, client);
process.send?.('under load');
await Promise.all(clients);
