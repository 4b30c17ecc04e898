import { type CliContext, withControl } from '../context.ts';

/** Calls a route that streams, and shows its progress. */
export async function follow<Result>(
  context: CliContext,
  path: string,
  body: object,
): Promise<Result> {
  const result = await withControl(context, (client) =>
    client.follow<Result>(path, body, (step) => context.output.progress(stepText(step))),
  );
  context.output.progress('');
  return result;
}

/** "Trying 430 changes: 40%, about 12 s left": what is counted differs from step to step, the share tells it all. */
function stepText(step: Readonly<Record<string, unknown>>): string {
  const [done, of, left] = [Number(step['done']), Number(step['of']), step['secondsLeft']];
  const text = String(step['text']);
  if (!(of > 1)) return text;
  const time = typeof left === 'number' ? `, about ${timeText(left)} left` : '';
  return `${text}: ${Math.floor((100 * done) / of)}%${time}`;
}

/** "40 s", "3 min". */
function timeText(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
