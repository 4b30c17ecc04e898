import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { API_ROUTES } from '#http/api.ts';

const web = fileURLToPath(new URL('../../web', import.meta.url));
type Variants = readonly { readonly match: Readonly<Record<string, string>> }[];

/** Every form of each string: one, or those between which a count decides. */
function read(locale: string): Readonly<Record<string, readonly string[]>> {
  const file = JSON.parse(
    readFileSync(join(web, 'messages', `${locale}.json`), 'utf8'),
  ) as Readonly<Record<string, string | Variants>>;
  return Object.fromEntries(
    Object.entries(file).map(([key, text]) => [
      key,
      typeof text === 'string' ? [text] : text.flatMap(({ match }) => Object.values(match)),
    ]),
  );
}
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

/** A figure before what is counted: "{count} requests", "{count} of its {all} subscribers". */
const COUNTED =
  /\{\w+\} (?:candidates|charges|customers|days|decisions|hours|incidents|messages|minutes|models|people|requests|sources|subscribers|tokens|users)\b/;

/** `1 of 2` is `1 / 2`. */
const SAME = new Set(['chat_of', 'me_of']);

describe('the strings of the pages', () => {
  it.each(['en', 'zh-CN'])('name nothing twice in %s', (locale) => {
    const lines = readFileSync(join(web, 'messages', `${locale}.json`), 'utf8').split('\n');
    const names = lines.flatMap((line) => /^ {2}"(\w+)":/.exec(line)?.[1] ?? []);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('are there in both languages', () => {
    expect(keys(zh)).toEqual(keys(en));
  });

  it('take the same parameters in both, and none that the general form does not take', () => {
    const differing = keys(en).filter((key) => {
      const forms = en[key] ?? [];
      const taken = parameters(forms.at(-1) ?? '');
      return (
        taken.join() !== parameters(zh[key]?.at(-1) ?? '').join() ||
        forms.flatMap(parameters).some((name) => !taken.includes(name))
      );
    });
    expect(differing).toEqual([]);
  });

  it('speak of one thing as of one in English, wherever they count', () => {
    const plain = keys(en).filter((key) => {
      const [text = '', ...more] = en[key] ?? [];
      return more.length === 0 && COUNTED.test(text);
    });
    expect(plain).toEqual([]);
  });

  it('are translated', () => {
    const untranslated = keys(en).filter((key) => {
      const words = (zh[key] ?? []).join(' ').replaceAll(/\{\w+\}/g, '');
      return !SAME.has(key) && hasWords((en[key] ?? []).join(' ')) && !/[\p{sc=Han}]/u.test(words);
    });
    expect(untranslated).toEqual([]);
  });

  it('say in words whatever an operator can do', () => {
    const words = readFileSync(join(web, 'operator', 'action-words.ts'), 'utf8');
    const wordless = API_ROUTES.filter(
      ({ method, path, policy }) =>
        method !== 'GET' && policy.for === 'operator' && !words.includes(`'${method} ${path}':`),
    );
    expect(wordless.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
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
