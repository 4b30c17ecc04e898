import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const web = fileURLToPath(new URL('../../web', import.meta.url));
const read = (locale: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(join(web, 'messages', `${locale}.json`), 'utf8')) as Record<
    string,
    string
  >;
const en = read('en');
const zh = read('zh-CN');
const keys = (messages: object): string[] =>
  Object.keys(messages)
    .filter((key) => key !== '$schema')
    .toSorted();
const parameters = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').toSorted();

/** Figures, separators and names are the same in every language. */
const hasWords = (text: string): boolean =>
  /\p{L}{2}/u.test(text.replaceAll(/\{\w+\}|tokens?|API/gi, ''));

/** `1 of 2` is `1 / 2`. */
const SAME = new Set(['chat_of', 'me_of']);

describe('the strings of the pages', () => {
  it('are there in both languages', () => {
    expect(keys(zh)).toEqual(keys(en));
  });

  it('take the same parameters in both', () => {
    const differing = keys(en).filter(
      (key) => parameters(en[key] ?? '').join() !== parameters(zh[key] ?? '').join(),
    );
    expect(differing).toEqual([]);
  });

  it('are translated', () => {
    const untranslated = keys(en).filter((key) => {
      const words = (zh[key] ?? '').replaceAll(/\{\w+\}/g, '');
      return !SAME.has(key) && hasWords(en[key] ?? '') && !/[\p{sc=Han}]/u.test(words);
    });
    expect(untranslated).toEqual([]);
  });

  it('are there wherever they are used, and there is none that nobody uses', () => {
    const sources = readdirSync(web, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/^(dist|paraglide|node_modules)/.test(name))
      .map((name) => readFileSync(join(web, name), 'utf8'))
      .join('\n');
    const used = new Set([...sources.matchAll(/\bm\.(\w+)/g)].map(([, name]) => name ?? ''));
    expect(keys(en).filter((key) => !used.has(key))).toEqual([]);
    expect([...used].filter((key) => en[key] === undefined)).toEqual([]);
  });
});
