import { expect, test } from 'vitest';
import { ModelNames } from './model-names.ts';

const names = new ModelNames(
  [
    'gpt-4o',
    'gpt-4o-2024-05-13',
    'gpt-6-sol',
    'claude-haiku-4-5',
    'gemini-2.5-pro',
    'gemini-2.5-pro-tts',
  ],
  [
    { kind: 'exact', text: 'chatgpt-latest', model: 'gpt-6-sol' },
    { kind: 'prefix', text: 'gemini-2.5-pro', model: 'gemini-2.5-pro' },
    { kind: 'prefix', text: 'gemini-2.5-pro-tts', model: 'gemini-2.5-pro-tts' },
    { kind: 'dated', text: 'gpt-6', model: 'gpt-6-sol' },
  ],
);

test.each([
  ['gpt-4o', 'gpt-4o'],
  ['GPT-4o', 'gpt-4o'],
  ['gpt-4o-2024-08-06', 'gpt-4o'], // a snapshot
  ['gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'], // a snapshot with a price of its own
  ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
  ['chatgpt-latest', 'gpt-6-sol'],
  ['gpt-6-2026-10-01', 'gpt-6-sol'],
  ['models/gemini-2.5-pro-001', 'gemini-2.5-pro'],
  ['gemini-2.5-pro-tts-preview', 'gemini-2.5-pro-tts'], // the longest prefix
  ['gemini-2.5-pro-preview-06-05', 'gemini-2.5-pro'],
  ['gemini-2.5-pro-2', undefined], // another version
  ['gemini-2.5-pro.1-exp', undefined],
  ['gpt-4o-mini', undefined], // another model, not a snapshot
  ['gpt-4', undefined],
  ['', undefined],
  ['__proto__', undefined],
])('%s is priced as %s', (name, model) => {
  expect(names.resolve(name)).toBe(model);
});
