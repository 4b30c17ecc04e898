import { expect, test } from 'vitest';
import { DeltaTemplate } from './delta-template.ts';

const HEAD = 'data: {"delta":{"content":"';
const TAIL = '"},"usage":null}\n\n';

function learned(): DeltaTemplate {
  const template = new DeltaTemplate();
  const chunk = Buffer.from(`${HEAD}Hello${TAIL}`);
  template.learn(chunk, HEAD.length, HEAD.length + 'Hello'.length);
  return template;
}

/** The text that a template finds in a chunk. */
function textIn(template: DeltaTemplate, chunk: string): string | undefined {
  const bytes = Buffer.from(chunk);
  const end = template.textEndIn(bytes);
  return end === -1 ? undefined : bytes.toString('utf8', template.textFrom, end);
}

test.each(['', ' world', '漢字 🙂', String.raw`\"usage\": {\n`, '\\\\', '"}'.replace('"', '\\"')])(
  'the same event with the text %j is known',
  (text) => {
    expect(textIn(learned(), HEAD + text + TAIL)).toBe(text);
  },
);

test.each([
  ['a quote that ends the text early', `${HEAD}a","usage":{"total":1},"b":"${TAIL}`],
  ['an escape that hides the closing quote', `${HEAD}a\\${TAIL}`],
  ['an escape before it that does', `${HEAD}\\\\\\${TAIL}`],
  ['a line end in the text', `${HEAD}a\nb${TAIL}`],
  ['a line end behind a backslash', `${HEAD}a\\\nb${TAIL}`],
  ['another end', `${HEAD}a"},"usage":true}\n\n`],
  ['another beginning', `data: {"delta":{"refusal":"a${TAIL}`],
  ['half an event', `${HEAD}a"},"usage":null}\n`],
  ['two events', `${HEAD}a${TAIL}${HEAD}b${TAIL}`],
  ['less than what stays the same', `${HEAD}"}\n\n`],
  ['nothing', ''],
])('%s is not', (_what, chunk) => {
  expect(textIn(learned(), chunk)).toBeUndefined();
});

test('what was forgotten, or has never been learned, knows nothing', () => {
  const template = learned();
  template.forget();
  expect(textIn(template, `${HEAD}a${TAIL}`)).toBeUndefined();
  expect(textIn(new DeltaTemplate(), '')).toBeUndefined();
});

test('a stream whose events all differ is soon not learned from any more', () => {
  const template = new DeltaTemplate();
  const chunkOf = (index: number) => `${HEAD}a"},"pad":${index}}\n\n`;
  for (let index = 0; index < 20; index++) {
    expect(textIn(template, chunkOf(index))).toBeUndefined();
    template.learn(Buffer.from(chunkOf(index)), HEAD.length, HEAD.length + 1);
  }
  expect(textIn(template, chunkOf(19))).toBeUndefined();
});
