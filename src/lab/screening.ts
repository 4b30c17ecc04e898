import {
  type CandidateGroup,
  copyRows,
  GroupReplays,
  type GroupTrial,
} from './candidate-groups.ts';
import { byMerit, type MeasuredFix } from './fix-merit.ts';
import { METRIC, METRIC_COUNT } from './metrics.ts';
import type { ReplayOptions } from './replays.ts';

export interface ScreenOptions {
  /** So many of the best are wanted. */
  readonly enough: number;
  readonly atOnce: number;
  readonly control: ReplayOptions;
  readonly onProgress: (groups: number, of: number) => void;
}

interface Tried {
  readonly group: CandidateGroup;
  /** Of all rows but the giants'. */
  readonly after: Float64Array;
  /** What no candidate of the group can be better than. */
  readonly bound: MeasuredFix;
}

/**
 * Measures groups of candidates on a sample, as many at once as there are workers, until the best are
 * found. A few giants can have most of the events, so that each group is first measured without them, as
 * if they cost nothing, paid as before and did not mind: it can only be worse than that. What they would
 * do is then replayed for one group after the other, the most promising first, until none that is left
 * could be among the best. What is left out would not have been chosen.
 */
export async function screen(
  trial: GroupTrial,
  groups: readonly CandidateGroup[],
  options: ScreenOptions,
): Promise<readonly MeasuredFix[]> {
  const { sample, bounds } = trial;
  const replays = new GroupReplays(trial);
  const giants = sample.rows.slice(0, sample.giants);
  const others = sample.rows.slice(sample.giants);
  const merit = byMerit(bounds);
  let done = 0;
  const step = (): void => options.onProgress(++done, (giants.length > 0 ? 2 : 1) * groups.length);
  const measured: MeasuredFix[] = [];
  const tried = await inTurns(groups, options.atOnce, async (group, turn) => {
    const control = { ...options.control, turn };
    const after = await replays.replay(group, others, control);
    copyRows(after, trial.study.before, giants);
    for (const row of giants) after[row * METRIC_COUNT + METRIC.cost] = 0;
    const atBest = await replays.measure(group, after, control);
    step();
    if (giants.length === 0) measured.push(...atBest);
    return { group, after, bound: atBest.toSorted(merit)[0] };
  });
  if (giants.length === 0) return measured;
  const left = tried
    .filter((each): each is Tried => each.bound !== undefined)
    .sort((a, b) => merit(a.bound, b.bound));
  while (left.length > 0) {
    const last = measured.sort(merit)[options.enough - 1];
    const [next] = left;
    if (last !== undefined && next !== undefined && merit(last, next.bound) < 0) break;
    const found = await inTurns(
      left.splice(0, options.atOnce),
      options.atOnce,
      async (each, turn) => {
        const control = { ...options.control, turn };
        copyRows(each.after, await replays.replay(each.group, giants, control), giants);
        step();
        return replays.measure(each.group, each.after, control);
      },
    );
    measured.push(...found.flat());
  }
  return measured;
}

/** Does something with each of a list, so many at once; `turn` tells those that run at once apart. */
export async function inTurns<In, Out>(
  list: readonly In[],
  atOnce: number,
  work: (each: In, turn: number) => Promise<Out>,
): Promise<readonly Out[]> {
  const results: Out[] = [];
  for (let from = 0; from < list.length; from += atOnce)
    results.push(...(await Promise.all(list.slice(from, from + atOnce).map(work))));
  return results;
}
