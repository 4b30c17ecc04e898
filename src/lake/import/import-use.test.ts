import { gzipSync } from 'node:zlib';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { sealedDays } from '../lake-layout.ts';
import { rowsOf } from '../parquet.store.ts';
import { dropImport, importedBooks } from './import-book.ts';
import { importBench } from './testing-import.ts';

async function bench() {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  return { directory, ...(await importBench(directory.path)) };
}

const USE = [
  'created_at,user_id,model,prompt_tokens,cached_tokens,completion_tokens',
  '2026-03-02 10:00:00,ann,gpt-x,1000,400,100',
  '2026-03-02T10:00:01+02:00,bob,openai/gpt-mini-2026-01-31,2000,,50',
  '1773316800,ann,x,1000,0,0',
  '1773316801500,"carol, ""c""",GPT-X,10,0,1',
].join('\n');

const sum = (bench: Awaited<ReturnType<typeof importBench>>, sql: string) =>
  rowsOf(
    bench.duck,
    `SELECT ${sql} FROM read_parquet('${bench.lake}/book=import:march/*/usage.parquet')`,
  );

describe('usage from elsewhere', { timeout: 120_000 }, () => {
  it('is priced at its own instant, by model, to the nano-dollar', async () => {
    const at = await bench();
    const result = await at.run([at.directory.write('use.csv', USE)]);
    expect(result).toMatchObject({
      outcome: 'imported',
      requests: 4,
      customers: 3,
      fromDay: '2026-03-02',
      toDay: '2026-03-12',
      plans: [{ plan: 'pro', subscribers: 3 }],
      // 600 + 40 + 200; 200 + 10; twice the price from the tenth on: 2,000; 20 + 4.
      costNanoUsd: String(840_000 + 210_000 + 2_000_000 + 24_000),
    });
    expect(await sum(at, 'sum(cost)::VARCHAR AS cost, sum(u_input)::DOUBLE AS input')).toEqual([
      { cost: '3074000', input: 600 + 2000 + 1000 + 10 },
    ]);
    expect(sealedDays(at.lake, 'import:march').length).toBe(11);
    expect(importedBooks(at.lake)).toMatchObject([{ book: 'import:march', requests: 4 }]);
  });

  it('is the same from JSON, packed CSV and Parquet', async () => {
    const at = await bench();
    const csv = at.directory.write('use.csv', USE);
    const packed = join(at.directory.path, 'use.csv.gz');
    writeFileSync(packed, gzipSync(USE));
    const json = join(at.directory.path, 'use.jsonl');
    const parquet = join(at.directory.path, 'use.parquet');
    await at.duck.run(`COPY (SELECT * FROM read_csv('${csv}', all_varchar = true)) TO '${json}'`);
    await at.duck.run(`COPY (SELECT * FROM '${csv}') TO '${parquet}' (FORMAT parquet)`);
    const wanted = await at.run([csv]);
    for (const file of [packed, json, parquet]) {
      const { costNanoUsd, customers } = wanted;
      expect(await at.run([file], { replace: true })).toMatchObject({ costNanoUsd, customers });
    }
  });

  it('names file, line and field of what it cannot read, and imports nothing', async () => {
    const at = await bench();
    const broken = (line: string, name = 'broken.csv'): Promise<unknown> =>
      at.run([at.directory.write(name, `${USE}\n2026-03-03,"d\nd",gpt-x,1,0,1\n${line}\n`)]);
    await expect(broken('2026-03-03,dan,gpt-x,many,0,1')).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'input',
      message:
        'broken.csv, line 8: input (column prompt_tokens) is "many", which is no whole number of tokens that can be read. Nothing was imported.',
    });
    await expect(broken('2026-13-03,dan,gpt-x,1,0,1')).rejects.toMatchObject({ field: 'time' });
    await expect(broken('2026-03-03,,gpt-x,1,0,1')).rejects.toMatchObject({
      message: expect.stringContaining('line 8: customer (column user_id) is missing') as string,
    });
    await expect(broken('2026-03-03,dan,gpt-x,1.5,0,1')).rejects.toMatchObject({ field: 'input' });
    await expect(broken('2026-03-03,dan,gpt-x,1,0,-1')).rejects.toMatchObject({ field: 'output' });
    await expect(broken('2026-03-03,dan,gpt-x,10,11,1')).rejects.toMatchObject({
      message: expect.stringContaining('--separate cached') as string,
    });
    await expect(broken('2026-03-03,dan,gpt-x,1')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(
        /^broken.csv, line \d+: .*expected number of columns/,
      ) as string,
    });
    expect(existsSync(at.lake) ? readdirSync(at.lake) : []).toEqual([]);
  });

  it('reads numbers as tables write them: grouped thousands, a dollar sign, a mark of the byte order', async () => {
    const at = await bench();
    const file = at.directory.write(
      'sheet.csv',
      '\uFEFFtime;customer;model;input;output;cost\n2026-03-02;"Ann; ""EU""";gpt-x;"1,000";0;$0.50\n2026-03-03;bob;gpt-x;2,000,000;1;"US$1,234.5"\n2026-03-03;bob;gpt-x;7;1;USD 0.25\n',
    );
    const found = await at.run([file], { costs: 'cost-column', dryRun: true });
    expect(found.first).toMatchObject([
      { customer: 'Ann; "EU"', input: 1000, cost_nano_usd: 500_000_000 },
      { input: 2_000_000, cost_nano_usd: 1_234_500_000_000 },
      { input: 7, cost_nano_usd: 250_000_000 },
    ]);
    for (const [name, value] of [
      ['grouped', '1,00'],
      ['other-currency', '€1.00'],
      ['nothing', '$'],
    ] as const) {
      const row = `time;customer;model;input;output;cost\n2026-03-02;ann;gpt-x;1;0;${value}\n`;
      await expect(at.run([at.directory.write(`${name}.csv`, row)])).rejects.toMatchObject({
        field: 'cost',
      });
    }
  });

  it('refuses models and plans that nobody knows, by name, unless told what to do', async () => {
    const at = await bench();
    const file = at.directory.write(
      'use.csv',
      'time,customer,model,input,output,cost\n2026-03-02,ann,gpt-x,1000,0,0.5\n2026-03-02,bob,other-1,9,9,0.25\n',
    );
    await expect(at.run([file])).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('other-1 (1)') as string,
    });
    expect(await at.run([file], { unknown: 'skip' })).toMatchObject({
      requests: 1,
      unknownSkipped: 1,
      customers: 1,
      costNanoUsd: '1000000',
    });
    const replace = true;
    expect(await at.run([file], { unknown: 'cost-column', replace })).toMatchObject({
      requests: 2,
      costNanoUsd: String(1_000_000 + 250_000_000),
    });
    expect(await at.run([file], { models: { 'other-1': 'gpt-mini' }, replace })).toMatchObject({
      costNanoUsd: String(1_000_000 + 900 + 1800),
    });
    const costs = { models: { 'other-1': 'gpt-mini' }, costs: 'cost-column', replace } as const;
    expect(await at.run([file], costs)).toMatchObject({ costNanoUsd: '750000000' });
    await expect(at.run([file], { unknown: 'skip', plan: 'gold', replace })).rejects.toMatchObject({
      code: 'not_found',
      field: 'plan',
    });
    const early = at.directory.write(
      'early.csv',
      'time,customer,model,input,output\n2025-12-01,ann,gpt-x,1000,0\n',
    );
    await expect(at.run([early], { replace })).rejects.toMatchObject({
      code: 'unknown_price',
      message: expect.stringContaining('--prices now') as string,
    });
    expect(await at.run([early], { prices: 'now', replace })).toMatchObject({
      costNanoUsd: '2000000',
    });
  });

  it('does nothing twice, replaces only when told, and can be dropped', async () => {
    const at = await bench();
    const file = at.directory.write('use.csv', USE);
    expect(await at.run([file], { dryRun: true })).toMatchObject({
      outcome: 'preview',
      first: [{ customer: 'ann', input: 600, cached: 400 }, {}, {}, {}],
    });
    expect(importedBooks(at.lake)).toEqual([]);
    await at.run([file]);
    expect(await at.run([file])).toMatchObject({ outcome: 'unchanged' });
    const other = at.directory.write('other.csv', `${USE}\n2026-03-12,eve,gpt-x,1,0,1\n`);
    await expect(at.run([other])).rejects.toMatchObject({ code: 'conflict', field: 'name' });
    await expect(at.run([file], { plan: 'plus' })).rejects.toMatchObject({ code: 'conflict' });
    expect(await at.run([other], { replace: true, idle: 2 })).toMatchObject({
      outcome: 'imported',
      customers: 4,
      idle: 2,
    });
    expect(importedBooks(at.lake)).toMatchObject([{ customers: 6 }]);
    dropImport(at.lake, 'import:march');
    expect(importedBooks(at.lake)).toEqual([]);
  });

  it('reads spend logs of LiteLLM: who, what the cache gave, what failed', async () => {
    const at = await bench();
    const log = (rest: object): string =>
      JSON.stringify({
        request_id: 'r',
        call_type: 'acompletion',
        api_key: 'hashed',
        spend: 0.001,
        total_tokens: 1100,
        prompt_tokens: 1000,
        completion_tokens: 100,
        startTime: '2026-03-02T10:00:00.123Z',
        endTime: '2026-03-02T10:00:03Z',
        model: 'openai/gpt-x',
        user: '',
        end_user: '',
        cache_hit: 'False',
        status: 'success',
        metadata: {},
        ...rest,
      });
    const details = {
      prompt_tokens_details: { cached_tokens: 400 },
      completion_tokens_details: { reasoning_tokens: 60 },
    };
    const lines = [
      log({ end_user: 'ann', metadata: { additional_usage_values: details } }),
      log({ user: 'bob', metadata: JSON.stringify({ usage_object: details }) }),
      log({ cache_hit: 'True', end_user: 'ann' }),
      log({ status: 'failure', prompt_tokens: 0, completion_tokens: 0, model: '' }),
      log({}),
    ];
    const jsonl = at.directory.write('spend.jsonl', lines.join('\n'));
    const wanted = {
      requests: 3,
      skipped: 2,
      customers: 3,
      // Twice 600 + 40 + 200 and once 1,000 + 200.
      costNanoUsd: String(2 * 840_000 + 1_200_000),
    };
    expect(await at.run([jsonl])).toMatchObject(wanted);
    expect(
      await sum(at, 'sum(u_reasoning)::DOUBLE AS n, sum(u_input_cached)::DOUBLE AS c'),
    ).toEqual([{ n: 120, c: 800 }]);
    const csv = join(at.directory.path, 'spend.csv');
    await at.duck.run(`COPY (SELECT * FROM read_json('${jsonl}')) TO '${csv}' (HEADER)`);
    expect(await at.run([csv], { replace: true })).toMatchObject(wanted);
    expect(await at.run([csv], { replace: true, costs: 'cost-column' })).toMatchObject({
      costNanoUsd: '3000000',
    });
  });
});
