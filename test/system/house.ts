import { join } from 'node:path';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { type InstallationOptions, Installation } from './installation.ts';
import { testOffer } from './test-offer.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

export interface House extends AsyncDisposable {
  readonly installation: Installation;
  readonly upstream: Upstream;
  readonly directory: string;
}

/** A whole installation on a new data directory, with its own upstream and the test offer. */
export async function house(
  options: Partial<UpstreamOptions> & Pick<Partial<InstallationOptions>, 'environment'> = {},
): Promise<House> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(temporaryDirectory());
  const { environment, ...supplier } = options;
  const upstream = stack.use(
    await Upstream.start({ logPath: join(path, 'served.jsonl'), ...supplier }),
  );
  const installation = stack.use(
    await Installation.start({
      dataDir: join(path, 'data'),
      ...(environment && { environment }),
    }),
  );
  await installation.call('POST', '/offer/apply', { document: testOffer(upstream.url) });
  const all = stack.move();
  return {
    installation,
    upstream,
    directory: path,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
