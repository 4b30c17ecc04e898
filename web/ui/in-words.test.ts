import { compile } from '@inlang/paraglide-js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/base/domain-error.ts';
import type * as Figures from './figures.ts';
import type * as Problems from './problem-words.ts';

type Locale = 'en' | 'zh-CN';
let say: (locale: Locale) => void;
let problems: typeof Problems;
let figures: typeof Figures;

beforeAll(async () => {
  await compile({
    project: 'web/project.inlang',
    outdir: 'web/paraglide',
    strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
    cleanOutdir: false,
  });
  const { overwriteGetLocale } = await import('../paraglide/runtime.js');
  say = (locale) => overwriteGetLocale(() => locale);
  problems = await import('./problem-words.ts');
  figures = await import('./figures.ts');
}, 60_000);

describe.each(['en', 'zh-CN'] as const)('a problem in %s', (locale) => {
  beforeAll(() => say(locale));
  /** What customers meet in the chat and on their pages. */
  const met: readonly ErrorCode[] = [
    'invalid_request',
    'body_too_large',
    'not_found',
    'model_not_found',
    'conflict',
    'unauthenticated',
    'forbidden',
    'no_subscription',
    'model_not_in_plan',
    'gate_full',
    'insufficient_funds',
    'rate_limited',
    'unknown_price',
    'no_capacity',
    'upstream_error',
    'upstream_timeout',
    'store_unavailable',
    'shutting_down',
    'internal',
  ];

  it('is a sentence with what to do, and no code', () => {
    for (const code of met) {
      const text = problems.problemText({ code, message: '' });
      expect(text).not.toContain(code);
      // What happened, then what to do.
      expect(text).toMatch(
        locale === 'en' ? /\w[.;] \w.*\.$/ : /\p{sc=Han}.*[，。；].*\p{sc=Han}。$/u,
      );
    }
  });

  it('quotes the server where its words say what it is about, and only there', () => {
    const told = (code: ErrorCode) => problems.problemText({ code, message: 'seq 7 of sub_1' });
    expect(told('invalid_request')).toContain('“seq 7 of sub_1”');
    for (const code of ['internal', 'store_unavailable', 'not_found', 'forbidden'] as const)
      expect(told(code)).not.toContain('sub_1');
  });

  it('is told by its code where there are no words for it', () => {
    const text = problems.problemText({ code: 'tide_out', message: 'ENOSEA' });
    expect(text).toContain('tide_out');
    expect(text).not.toContain('ENOSEA');
    expect(problems.problemText({ code: 'toString', message: '' })).toContain('toString');
  });
});

describe('short figures', () => {
  const values = [7, 950, 1234, 9_999, 12_345, 1_234_567, 12_345_678, 123_456_789, -48_200];

  it('are thousands and millions in English', () => {
    say('en');
    expect(values.map((value) => figures.countShort(value))).toEqual([
      '7',
      '950',
      '1.2K',
      '10K',
      '12.3K',
      '1.2M',
      '12.3M',
      '123.5M',
      '−48.2K',
    ]);
    expect(figures.countRough(1_054_321)).toBe('1.05M');
    expect(figures.usdShort(12_345_678 * 1e9)).toBe('$12.3M');
  });

  it('are ten thousands and hundred millions in Chinese, with their thousands apart', () => {
    say('zh-CN');
    expect(values.map((value) => figures.countShort(value))).toEqual([
      '7',
      '950',
      '1,234',
      '9,999',
      '1.2万',
      '123.5万',
      '1,234.6万',
      '1.2亿',
      '−4.8万',
    ]);
    expect(figures.countRough(1234)).toBe('1,230');
    expect(figures.usdShort(12_345_678 * 1e9)).toBe('$1,234.6万');
  });
});
