import { expect, it } from 'vitest';
import { startBreakeven } from '#src/main.ts';
import { readConfig } from '#src/config.ts';
import { addressUrl } from '#db/database-address.ts';
import { testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { BrowserLike } from './browser-like.ts';
import { OWNER } from './house.ts';

it('a session is good at once after a restart, for many requests and for writes', async () => {
  using directory = temporaryDirectory();
  await using database = await testDatabase();
  const start = (port: number) =>
    startBreakeven(
      readConfig({
        PORT: String(port),
        DATA_DIR: directory.path,
        DATABASE_URL: addressUrl(database.address),
        BREAKEVEN_LOG_LEVEL: 'silent',
        BREAKEVEN_WEB: 'off',
        BREAKEVEN_DRAIN_SECONDS: '1',
      }),
    );
  let running = await start(0);
  const { url, setUp = '' } = running.where;
  const browser = new BrowserLike(url);
  const token = new URL(setUp).searchParams.get('token');
  await browser.json('POST', '/api/setup', { token, ...OWNER });
  await browser.session();
  for (let round = 0; round < 3; round++) {
    await running.stop();
    running = await start(Number(new URL(url).port));
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        n % 3 === 0
          ? browser.request('POST', '/api/me/profile', { language: 'en' })
          : browser.request('GET', n % 3 === 1 ? '/api/me/settings' : '/api/chat/conversations'),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  }
  await running.stop();
}, 120_000);
