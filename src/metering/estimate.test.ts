import { describe, expect, test } from 'vitest';
import { completeCutMetering, estimateMetering, estimateTokens } from './estimate.ts';
import { usageOf } from './usage.ts';

describe('an estimate', () => {
  test('is flagged and counts the texts by the tokeniser of the model', async () => {
    const metering = await estimateMetering({
      model: 'gpt-5.4',
      serviceTier: 'flex',
      inputText: 'Hello world',
      outputText: 'tiktoken is great!',
    });
    expect(metering.estimated).toBe(true);
    expect(metering.parts[0]).toMatchObject({
      model: 'gpt-5.4',
      serviceTier: 'flex',
      usage: { input: 2, output: 6, requests: 1 },
    });
  });

  test('adds a margin for tokenisers that are not public', async () => {
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(20);
    const own = await estimateTokens(text, 'gpt-5.4');
    expect(await estimateTokens(text, 'mistral-large')).toBe(Math.ceil((own * 120) / 100));
    expect(await estimateTokens(text, 'claude-opus-4-8')).toBe(Math.ceil((own * 140) / 100));
  });

  test('follows the older encoding for the models that use it', async () => {
    expect(await estimateTokens('Привет, как дела сегодня вечером?', 'gpt-4')).toBeGreaterThan(
      await estimateTokens('Привет, как дела сегодня вечером?', 'gpt-4o'),
    );
  });

  test('extrapolates past what it counts, within a few percent', async () => {
    const text = 'All work and no play makes Jack a dull boy. ';
    const once = await estimateTokens(text.repeat(100), 'gpt-5.4');
    const many = await estimateTokens(text.repeat(5000), 'gpt-5.4');
    expect(many / once).toBeGreaterThan(48.5);
    expect(many / once).toBeLessThan(51.5);
    const kept = await estimateMetering({
      model: 'gpt-5.4',
      serviceTier: undefined,
      inputText: '',
      outputText: 'a b c d',
      outputBytes: 70,
    });
    expect(kept.parts[0]?.usage.output).toBe(40);
  });

  test('stays quick on an unbroken run, and takes special tokens for text', async () => {
    const startMs = performance.now();
    expect(await estimateTokens('a'.repeat(1_000_000), 'gpt-5.4')).toBeGreaterThan(100_000);
    expect(performance.now() - startMs).toBeLessThan(1500); // uncut, 64 KB alone take two seconds
    expect(await estimateTokens('<|endoftext|>', 'gpt-5.4')).toBeGreaterThan(1);
  });

  test('a cut stream keeps the counts it reported and raises the output to what was delivered', async () => {
    const response = {
      model: 'claude-x',
      serviceTier: 'standard',
      inputText: 'ignored',
      outputText: 'word '.repeat(100),
    };
    const usage = usageOf({ requests: 1, input: 25, input_cached: 900, output: 1 });
    const partial = {
      parts: [{ model: 'claude-x', serviceTier: 'standard', usage }],
      estimated: false,
    };
    const delivered = await estimateTokens(response.outputText, 'claude-x');
    expect(await completeCutMetering(partial, response)).toEqual({
      parts: [
        { model: 'claude-x', serviceTier: 'standard', usage: { ...usage, output: delivered } },
      ],
      estimated: true,
    });
    const reported = {
      ...partial,
      parts: [{ ...partial.parts[0]!, usage: { ...usage, output: 5000 } }],
    };
    expect((await completeCutMetering(reported, response)).parts).toEqual(reported.parts);
    expect(await completeCutMetering(undefined, response)).toEqual(
      await estimateMetering(response),
    );
  });
});
