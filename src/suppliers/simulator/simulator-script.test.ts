import { expect, test } from 'vitest';
import { readCall } from './read-call.ts';
import { ScriptRunner, type SimulatorScript } from './simulator-script.ts';

function run(script: SimulatorScript, models: readonly string[]): (string | undefined)[] {
  const runner = new ScriptRunner(script);
  return models.map((model) => {
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] });
    return runner.next(readCall('chat', {}, Buffer.from(body)))?.name;
  });
}

test('a rule fires for so many requests, after so many', () => {
  const fired = run([{ misbehave: 'status:429', after: 1, times: 2 }], ['a', 'a', 'a', 'a']);
  expect(fired).toEqual([undefined, 'status', 'status', undefined]);
});

test('a rule for a model counts the requests for that model only', () => {
  const fired = run([{ misbehave: 'no-usage', model: 'b', times: 1 }], ['a', 'b', 'b']);
  expect(fired).toEqual([undefined, 'no-usage', undefined]);
});

test('the first rule that fires wins, and all of them count', () => {
  const script = [
    { misbehave: 'gzip', times: 1 },
    { misbehave: 'crlf', times: 2 },
  ] as const;
  expect(run(script, ['a', 'a', 'a'])).toEqual(['gzip', 'crlf', undefined]);
});

test('an unknown misbehaviour is refused', () => {
  const script = [{ misbehave: 'sing' }] as unknown as SimulatorScript;
  expect(() => new ScriptRunner(script)).toThrow(/no misbehaviour is called sing/);
});
