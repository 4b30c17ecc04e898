import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { namedId } from '#base/id.ts';
import { currentProcess, type ProcessIdentity, startedSinceBoot } from '#db/process-identity.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { measurementOf } from './testing-admission.ts';
import { removeJournals, SentJournal, sentByProcess } from './sent-journal.ts';

const SCRIPT = fileURLToPath(new URL('./testing-sent.ts', import.meta.url));
const idOf = (index: number) => namedId('request', String(index));

function directory(): string {
  const { path, [Symbol.dispose]: remove } = temporaryDirectory();
  onTestFinished(() => remove());
  return path;
}

/** A process that notes `sends` requests, ends all but the last `open`, and is killed in the midst of it. */
async function killed(path: string, sends: number, open: number): Promise<ProcessIdentity> {
  const child = fork(SCRIPT, [path, String(sends), String(open)], { execArgv: [] });
  const [identity] = (await once(child, 'message')) as [ProcessIdentity];
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

/** Elsewhere a killed process's journal proves nothing, and what it held is estimated. */
const isProvable = startedSinceBoot(currentProcess());

test.skipIf(!isProvable)(
  'tells what a killed process may have sent, however long it ran',
  async () => {
    const path = directory();
    // 100,000 lines are three times what makes it compact itself.
    const identity = await killed(path, 100_000, 500);
    const sent = sentByProcess(path, identity);
    for (let index = 99_500; index < 100_000; index++) expect(sent?.has(idOf(index))).toBe(true);
    expect(sent?.has(idOf(100_000))).toBe(false);
    expect(sent?.size).toBeLessThan(70_000);
  },
);

test.skipIf(!isProvable)(
  'says nothing of a process that runs, of another start of the machine, or without a journal',
  async () => {
    const path = directory();
    const journal = SentJournal.begin(path);
    journal?.sending(idOf(1));
    expect(sentByProcess(path, currentProcess())).toBeUndefined();
    const identity = await killed(path, 1, 1);
    expect(sentByProcess(path, identity)?.size).toBe(1);
    const [, ticks] = identity.started.split(':');
    expect(sentByProcess(path, { ...identity, started: `other-boot:${ticks}` })).toBeUndefined();
    expect(sentByProcess(join(path, 'elsewhere'), identity)).toBeUndefined();
    removeJournals(path, [identity]);
    expect(sentByProcess(path, identity)?.size).toBe(1);
    removeJournals(path, []);
    expect(sentByProcess(path, identity)).toBeUndefined();
    // Its own is left alone, and stays where something is open.
    journal?.close();
    expect(readdirSync(path)).toHaveLength(1);
    expect(() => journal?.sending(idOf(2))).toThrow('sends nothing more');
  },
);

test.skipIf(!isProvable)('a line that was not written to its end was not sent', async () => {
  const path = directory();
  const identity = await killed(path, 3, 3);
  const [name = ''] = readdirSync(path);
  const whole = readFileSync(join(path, name), 'latin1');
  writeFileSync(join(path, name), whole.slice(0, -1));
  expect(sentByProcess(path, identity)?.size).toBe(2);
});

test.skipIf(!isProvable)('tells what a killed process had measured, to the last unit', async () => {
  const path = directory();
  const identity = await killed(path, 3, 3);
  const [name = ''] = readdirSync(path);
  const own = directory();
  const journal = SentJournal.begin(own);
  const used = measurementOf({ charge: 700, tokens: 123 });
  const odd = {
    ...used,
    attempts: used.attempts.map((each) => ({ ...each, model: 'modèle 模型' })),
  };
  journal?.sending(idOf(3));
  expect(journal?.measured(idOf(3), used)).toBe(true);
  expect(journal?.measured(idOf(4), odd)).toBe(true);
  const [ownName = ''] = readdirSync(own);
  const lines = readFileSync(join(own, ownName));
  writeFileSync(join(path, name), lines);
  expect(sentByProcess(path, identity)).toEqual(
    new Map([
      [idOf(3), used],
      [idOf(4), odd],
    ]),
  );
  // The answer waits for the whole line: of half a line nobody has heard.
  writeFileSync(join(path, name), lines.subarray(0, -1));
  expect(sentByProcess(path, identity)).toEqual(new Map([[idOf(3), used]]));
  journal?.close();
});

test.skipIf(!isProvable)('leaves nothing behind where everything has ended', () => {
  const path = directory();
  const journal = SentJournal.begin(path);
  journal?.sending(idOf(1));
  journal?.ended(idOf(1));
  journal?.close();
  expect(readdirSync(path)).toEqual([]);
});

test.skipIf(!isProvable)('on a full disk there is no journal rather than one with a gap', () => {
  const path = directory();
  const { pid, started } = currentProcess();
  symlinkSync('/dev/full', join(path, `${pid}@${started}`));
  const journal = SentJournal.begin(path);
  expect(readdirSync(path)).toHaveLength(1);
  journal?.sending(idOf(1));
  expect(readdirSync(path)).toEqual([]);
  expect(journal?.measured(idOf(1), measurementOf({}))).toBe(false);
  journal?.sending(idOf(2));
  journal?.close();
});
