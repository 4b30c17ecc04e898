import { startBreakeven } from './breakeven.ts';
import { Child } from './child.ts';
import { startPeer } from './peer.ts';
import type { StartTarget, Target } from './target.ts';

function plainTarget(name: string, url: string, pid: number, close: () => Promise<void>): Target {
  return {
    name,
    url,
    path: '/v1/chat/completions',
    model: 'bench-model',
    headers: [{ authorization: 'Bearer bench' }],
    pids: () => [pid],
    check: () => Promise.resolve([]),
    close,
  };
}

/** The upstream without anything before it: what load generator and upstream can do by themselves. */
const startDirect: StartTarget = ({ upstreamUrl }) =>
  Promise.resolve(plainTarget('direct', upstreamUrl, 0, () => Promise.resolve()));

const startFloor: StartTarget = async ({ upstreamUrl }) => {
  const child = Child.script('floor.ts', upstreamUrl);
  const url = `http://127.0.0.1:${String(await child.next('port'))}`;
  return plainTarget('floor', url, child.pid, () => child.stop());
};

/** Everything that can be measured, by name. */
export const TARGETS: ReadonlyMap<string, StartTarget> = new Map([
  ['direct', startDirect],
  ['floor', startFloor],
  ['peer', startPeer],
  ['breakeven', startBreakeven],
]);
