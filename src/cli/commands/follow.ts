import { type CliContext, withControl } from '../context.ts';

/** Calls a route that streams, and shows its progress. */
export async function follow<Result>(
  context: CliContext,
  path: string,
  body: object,
): Promise<Result> {
  const result = await withControl(context, (client) =>
    client.follow<Result>(path, body, (step) => {
      const of = Number(step['of']);
      const part =
        of > 1 ? ` ${Number(step['done']).toLocaleString('en')} of ${of.toLocaleString('en')}` : '';
      context.output.progress(`${String(step['text'])}${part}`);
    }),
  );
  context.output.progress('');
  return result;
}
