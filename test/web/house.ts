import { startBreakeven, type Running } from '#src/main.ts';
import { readConfig } from '#src/config.ts';
import { testDatabase, type TestDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addressUrl } from '#db/database-address.ts';
import { BrowserLike } from './browser-like.ts';

/** The whole service in this process, on a free port and a database of its own. */
export interface WebHouse extends AsyncDisposable {
  readonly url: string;
  readonly setUp: string;
  readonly database: TestDatabase;
  readonly running: Running;
  browser(): BrowserLike;
  /** A browser in which a fresh owner is signed in. */
  owner(): Promise<BrowserLike>;
}

export const OWNER = {
  name: 'Ada',
  email: 'ada@example.com',
  password: 'correct horse battery',
} as const;

export async function webHouse(
  environment: Readonly<Record<string, string>> = {},
): Promise<WebHouse> {
  const directory = temporaryDirectory();
  const database = await testDatabase();
  const running = await startBreakeven(
    readConfig({
      PORT: '0',
      DATA_DIR: directory.path,
      DATABASE_URL: addressUrl(database.address),
      BREAKEVEN_LOG_LEVEL: 'silent',
      BREAKEVEN_WEB: 'off',
      BREAKEVEN_DRAIN_SECONDS: '2',
      ...environment,
    }),
  );
  const { url, setUp = '' } = running.where;
  const browser = (): BrowserLike => new BrowserLike(url);
  return {
    url,
    setUp,
    database,
    running,
    browser,
    async owner() {
      const owner = browser();
      const token = new URL(setUp).searchParams.get('token');
      await owner.json('POST', '/api/setup', { token, ...OWNER });
      await owner.session();
      return owner;
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await database[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}
