import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usageOfFixture, meteringOf, streamBytes } from './fixtures/read-fixture.ts';
import { USAGE_FIXTURES } from './fixtures/usage-fixtures.ts';
import { inputTokens, outputTokens, USAGE_UNITS } from './usage.ts';
import { StreamWatcher } from './stream-watcher.ts';
import { USAGE_DIALECTS, usageMeter } from './usage-meter.ts';

const named = USAGE_FIXTURES.map(
  (fixture) => [`${fixture.vendor}: ${fixture.trap}`, fixture] as const,
);

describe('reads the vector, the model and the tier', () => {
  test.each(named)('%s', (_name, fixture) => {
    const metering = meteringOf(fixture);
    expect(metering?.parts).toEqual(usageOfFixture(fixture));
    expect(metering?.supplierCostPicoUsd).toBe(fixture.supplierCostPicoUsd);
    const findings = metering?.unknown ?? [];
    expect(
      findings.filter((finding) => !finding.includes(fixture.finding ?? 'none is expected')),
    ).toEqual([]);
    expect(findings.length > 0).toBe(fixture.finding !== undefined);
  });
});

describe('watched in chunks cut anywhere, reads the same', () => {
  test.each(named.filter(([, { stream }]) => stream !== undefined))('%s', (_name, fixture) => {
    const whole = meteringOf(fixture);
    const bytes = streamBytes(fixture);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), fc.boolean(), (cuts, crlf) => {
        const stream = crlf ? Buffer.from(bytes.toString('utf8').replaceAll('\n', '\r\n')) : bytes;
        const watcher = new StreamWatcher(fixture.dialect);
        let from = 0;
        for (const cut of [...cuts, stream.length].sort((a, b) => a - b)) {
          watcher.push(stream.subarray(from, cut));
          from = cut;
        }
        watcher.end();
        expect(watcher.finish()).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });
});

test('a decoder has a fixture for every dialect, and each fixture names its source', () => {
  expect(new Set(USAGE_FIXTURES.map((fixture) => fixture.dialect))).toEqual(
    new Set(USAGE_DIALECTS),
  );
  for (const fixture of USAGE_FIXTURES) expect(fixture.source).not.toBe('');
});

/** JSON whose keys are those that decoders look for, so that random values reach them. */
const FIELDS = [
  'usage',
  'model',
  'id',
  'type',
  'object',
  'response',
  'message',
  'delta',
  'output',
  'item',
  'choices',
  'x_groq',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'input_tokens',
  'output_tokens',
  'prompt_tokens_details',
  'completion_tokens_details',
  'input_tokens_details',
  'output_tokens_details',
  'cached_tokens',
  'cache_write_tokens',
  'audio_tokens',
  'image_tokens',
  'reasoning_tokens',
  'cache_creation',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'ephemeral_1h_input_tokens',
  'ephemeral_5m_input_tokens',
  'iterations',
  'server_tool_use',
  'web_search_requests',
  'usageMetadata',
  'promptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
  'totalTokenCount',
  'promptTokensDetails',
  'modality',
  'tokenCount',
  'prompt_cache_hit_tokens',
  'prompt_cache_miss_tokens',
  'num_sources_used',
  'cost_in_usd_ticks',
  'cost',
  'meta',
  'billed_units',
  'tokens',
  'search_units',
  'timings',
  'prompt_n',
  'predicted_n',
  'eval_count',
  'usage_breakdown',
  'models',
  'tool_usage',
  'image_gen',
  'web_search',
  'num_requests',
  'citation_tokens',
  'connector_tokens',
  'status',
  'error',
] as const;

const hostileNumber = fc.oneof(
  fc.nat(2000),
  fc.integer(),
  fc.double(),
  fc.constantFrom(
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    -0,
  ),
);
const { json: hostileJson } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      hostileNumber,
      fc.constantFrom(
        'completion',
        'response',
        'message',
        'message_start',
        'AUDIO',
        'IMAGE',
        'advisor_message',
      ),
      fc.string(),
      fc.constant(null),
      fc.boolean(),
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('json'), { maxKeys: 8 }),
  ),
}));

describe.each(USAGE_DIALECTS)('%s, whatever it is fed', (dialect) => {
  test('never throws, and every count is a non-negative safe integer', () => {
    const messages = fc.array(
      fc.oneof(hostileJson, fc.anything({ withBigInt: true, withDate: true, withMap: true })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(messages, fc.boolean(), (sent, isStream) => {
        const meter = usageMeter(dialect);
        for (const message of sent) {
          if (isStream) meter.event(undefined, message);
          else meter.body(message);
        }
        for (const { usage } of meter.finish()?.parts ?? []) {
          for (const unit of USAGE_UNITS) {
            expect(
              Number.isSafeInteger(usage[unit]) && usage[unit] >= 0 && !Object.is(usage[unit], -0),
            ).toBe(true);
          }
        }
        expect((meter.finish()?.supplierCostPicoUsd ?? 0n) >= 0n).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

const count = fc.nat(100_000);

test("OpenAI's units add up to its totals, even where a detail exceeds its total", () => {
  const details = fc.record({
    cached: count,
    written: count,
    audio: count,
    image: count,
    reasoning: count,
    audioOut: count,
  });
  fc.assert(
    fc.property(count, count, details, (prompt, completion, d) => {
      const meter = usageMeter('openai-chat');
      meter.body({
        model: 'm',
        usage: {
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + completion,
          prompt_tokens_details: {
            cached_tokens: d.cached,
            cache_write_tokens: d.written,
            audio_tokens: d.audio,
            image_tokens: d.image,
          },
          completion_tokens_details: { reasoning_tokens: d.reasoning, audio_tokens: d.audioOut },
        },
      });
      const metering = meter.finish();
      const usage = metering?.parts[0]?.usage;
      expect(usage && inputTokens(usage)).toBe(prompt);
      expect(usage && outputTokens(usage)).toBe(completion);
      const isConsistent =
        d.cached + d.written <= prompt &&
        d.audio + d.image <= prompt &&
        d.reasoning + d.audioOut <= completion;
      expect(metering?.unknown === undefined).toBe(isConsistent);
    }),
  );
});

test("Anthropic's and Gemini's units add up to their disjoint counts", () => {
  fc.assert(
    fc.property(
      count,
      count,
      count,
      count,
      count,
      (input, cached, fiveMinutes, oneHour, output) => {
        const anthropic = usageMeter('anthropic');
        anthropic.body({
          usage: {
            input_tokens: input,
            cache_read_input_tokens: cached,
            cache_creation_input_tokens: fiveMinutes + oneHour,
            cache_creation: {
              ephemeral_5m_input_tokens: fiveMinutes,
              ephemeral_1h_input_tokens: oneHour,
            },
            output_tokens: output,
          },
        });
        const read = anthropic.finish()?.parts[0]?.usage;
        expect(read).toMatchObject({
          input,
          input_cached: cached,
          cache_write_5m: fiveMinutes,
          cache_write_1h: oneHour,
          output,
        });

        const gemini = usageMeter('gemini');
        gemini.body({
          usageMetadata: {
            promptTokenCount: input + cached,
            cachedContentTokenCount: cached,
            candidatesTokenCount: output,
            thoughtsTokenCount: oneHour,
            toolUsePromptTokenCount: fiveMinutes,
            totalTokenCount: input + cached + output + oneHour + fiveMinutes,
          },
        });
        const metering = gemini.finish();
        expect(metering?.parts[0]?.usage).toMatchObject({
          input: input + fiveMinutes,
          input_cached: cached,
          output,
          reasoning: oneHour,
        });
        expect(metering?.unknown).toBeUndefined();
      },
    ),
  );
});

test('where reasoning stands follows from the total, for every vendor behind a compatible address', () => {
  fc.assert(
    fc.property(count, count, count, fc.boolean(), (prompt, text, reasoning, isInside) => {
      const completion = isInside ? text + reasoning : text;
      const meter = usageMeter('openai-compatible');
      meter.body({
        usage: {
          prompt_tokens: prompt,
          completion_tokens: completion,
          total_tokens: prompt + text + reasoning,
          completion_tokens_details: { reasoning_tokens: reasoning },
        },
      });
      expect(meter.finish()?.parts[0]?.usage).toMatchObject({
        input: prompt,
        output: text,
        reasoning,
      });
    }),
  );
});
