import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('configuration', () => {
  it('has a default for everything', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      port: 4100,
      host: '127.0.0.1',
      simulator: true,
      drainMs: 60_000,
    });
    expect(config.databaseUrl).toBeUndefined();
  });

  it.each([
    ['PORT', '99999'],
    ['PORT', 'http'],
    ['DATABASE_URL', 'mysql://localhost'],
    ['BREAKEVEN_MASTER_KEY', 'abc'],
    ['BREAKEVEN_SIMULATOR', 'maybe'],
  ])('names %s when it is %s', (key, value) => {
    expect(() => readConfig({ [key]: value })).toThrow(key);
  });
});
