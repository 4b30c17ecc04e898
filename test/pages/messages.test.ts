import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Messages = Readonly<Record<string, string>>;
const read = (locale: string): Messages =>
  JSON.parse(
    readFileSync(new URL(`../../web/messages/${locale}.json`, import.meta.url), 'utf8'),
  ) as Messages;
const english = read('en');
const chinese = read('zh-CN');
const names = (messages: Messages): readonly string[] =>
  Object.keys(messages).filter((name) => name !== '$schema');
const slots = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
/** What reads the same in both languages: names, signs, figures. */
const SAME = /^[\s\p{P}\p{S}\p{N}]*(?:\{\w+\}[\s\p{P}\p{S}\p{N}]*)*$/u;
const SAME_NAMES = new Set(names(english).filter((name) => SAME.test(english[name] ?? '')));

it('has every message in both languages', () => {
  expect(names(chinese)).toEqual(names(english));
});

it('translates every message', () => {
  const untranslated = names(english).filter(
    (name) => !SAME_NAMES.has(name) && english[name] === chinese[name],
  );
  expect(untranslated).toEqual([]);
});

it('fills the same blanks in both languages', () => {
  const different = names(english).filter(
    (name) => slots(english[name] ?? '').join() !== slots(chinese[name] ?? '').join(),
  );
  expect(different).toEqual([]);
});

it('has every message that the pages use, and no other', () => {
  const used = new Set<string>();
  const root = new URL('../../web/', import.meta.url);
  for (const path of globSync('**/*.{ts,tsx}', { cwd: root.pathname })) {
    if (/^(?:paraglide|dist)\//.test(path)) continue;
    const text = readFileSync(new URL(path, root), 'utf8');
    for (const [, name = ''] of text.matchAll(/\bm\.(\w+)/g)) used.add(name);
  }
  expect([...used].filter((name) => !(name in english))).toEqual([]);
  expect(names(english).filter((name) => !used.has(name))).toEqual([]);
});
