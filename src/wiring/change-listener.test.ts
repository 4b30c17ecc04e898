import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { ChangeListener } from './change-listener.ts';

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 400; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isSo()).toBe(true);
}

test('knows by its own word whether it would hear of a change, and begins anew where it was cut off', async () => {
  await using database = await testDatabase({ migrate: false });
  const heard: string[] = [];
  let gaps = 0;
  const listener = new ChangeListener({
    address: database.address,
    channels: { breakeven_thing: (payload) => heard.push(payload) },
    onGap: () => (gaps += 1),
    onError: () => undefined,
  });
  expect(listener.isHearing).toBe(false);
  await listener.start();
  await until(() => listener.isHearing);
  await database.pool.query("SELECT pg_notify('breakeven_thing', 'a')");
  await until(() => heard.length === 1);

  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'breakeven changes' AND datname = current_database()`,
  );
  await until(() => !listener.isHearing);
  await until(() => listener.isHearing);
  expect(gaps).toBe(2);
  await listener.close();
  expect(listener.isHearing).toBe(false);
});
