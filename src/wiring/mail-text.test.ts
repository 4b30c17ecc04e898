import { expect, it } from 'vitest';
import type { AlertFacts } from '#accounts/customer-alerts.store.ts';
import { mailText } from './mail-text.ts';

const DAILY: AlertFacts = {
  unit: 'messages',
  window: 'calendar day',
  classes: [],
  used: 32_000,
  limit: 40_000,
  resetsAtMs: Date.UTC(2026, 11, 5, 8, 1),
};

it.each([
  [
    {},
    '80% used: 40 messages each day',
    '已用 80%：每天 40 条消息',
    'Lumen has used 80% of a limit: 40 messages each day (32 of 40).',
    'Lumen 的一项限额已用 80%：每天 40 条消息（32 / 40）。',
  ],
  [
    {
      classes: ['reasoning'],
      window: 'rolling 172800s',
      unit: 'tokens',
      used: 8000,
      limit: 10_000,
    },
    '80% used: 10,000 tokens in 2 days, Reasoning',
    '已用 80%：推理：每 2 天 10,000 token',
    'Lumen has used 80% of a limit: 10,000 tokens in 2 days, Reasoning (8,000 of 10,000).',
    'Lumen 的一项限额已用 80%：推理：每 2 天 10,000 token（8,000 / 10,000）。',
  ],
  [
    { unit: 'cost', window: 'cycle', used: null, limit: null },
    '80% used: fair use each billing period',
    '已用 80%：每个计费期的合理用量',
    'Lumen has used 80% of a limit: fair use each billing period.',
    'Lumen 的一项限额已用 80%：每个计费期的合理用量。',
  ],
])('says what is nearly used, and never an amount of ours: %o', (more, ...said) => {
  const facts = { ...DAILY, ...more };
  const matter = { about: 'alert', account: 'Lumen', percent: 80, facts, isCap: false } as const;
  const [en, zh] = (['en', 'zh'] as const).map((language) =>
    mailText({ ...matter, url: 'https://x.example' }, language),
  );
  expect([en?.subject, zh?.subject, en?.text.split('\n')[0], zh?.text.split('\n')[0]]).toEqual(
    said,
  );
});
