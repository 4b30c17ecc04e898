import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedId } from '#base/id.ts';
import { RunningLog } from './running-log.ts';

const id = namedId('generation', 'test');

describe('a running log', () => {
  it('loses and doubles nothing, however adding and writing interleave', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('say' as const), text: fc.string({ minLength: 1 }) }),
      fc.record({ do: fc.constant('think' as const), text: fc.string({ minLength: 1 }) }),
      fc.constant({ do: 'read' as const, text: '' }),
      fc.constant({ do: 'written' as const, text: '' }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const log = new RunningLog(id);
        for (const { do: what, text } of steps) {
          if (what === 'read') log.batch();
          else if (what === 'written') {
            log.batch();
            log.written();
          } else {
            const type = what === 'say' ? 'text' : 'reasoning';
            log.add({ type, text });
          }
        }
        for (const _ of [1, 2]) {
          log.batch();
          log.written();
        }
        const all = log.after(0);
        expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
        const seen = all.map(({ entry }) => ('text' in entry ? [entry.type, entry.text] : []));
        const flat = (pairs: readonly (readonly string[])[]): string[] =>
          pairs.flatMap(([type = '', text = '']) => [...text].map((each) => type + each));
        const asked = steps
          .filter(({ do: what }) => what === 'say' || what === 'think')
          .map(({ do: what, text }) => [what === 'say' ? 'text' : 'reasoning', text]);
        expect(flat(seen)).toEqual(flat(asked));
        expect(log.isWaiting).toBe(false);
      }),
    );
  });

  it('gives the same batch again until it is written', () => {
    const log = new RunningLog(id);
    log.add({ type: 'text', text: 'one' });
    const first = log.batch();
    log.add({ type: 'text', text: ' two' });
    expect(log.batch()).toBe(first);
    log.written();
    expect(log.batch()).toEqual([{ type: 'text', text: ' two' }]);
  });

  it('holds the supplier back while too much waits', () => {
    const log = new RunningLog(id);
    let taken = 0;
    log.whenTaken(() => (taken += 1));
    log.add({ type: 'text', text: 'x'.repeat(300_000) });
    log.whenTaken(() => (taken += 1));
    expect(taken).toBe(1);
    log.batch();
    log.written();
    expect(taken).toBe(2);
  });

  it('shows nothing that is not durable', () => {
    const log = new RunningLog(id);
    log.add({ type: 'text', text: 'soon' });
    log.batch();
    expect(log.after(0)).toEqual([]);
    log.close();
    expect(log.after(0)).toEqual([]);
    expect(log.isOver).toBe(true);
  });
});
