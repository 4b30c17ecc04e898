import { readdirSync, readFileSync } from 'node:fs';

/** What a set of processes has used. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Linux counts process times in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly residentPages: number;
}

/**
 * CPU time and resident memory of processes with all their descendants, from `/proc/PID/stat`.
 * Times of children that have ended and were waited for stand in their parent's counters, so nothing
 * is lost between two readings and nothing is counted twice. Shared pages count once per process
 * (PostgreSQL's buffers): the memory of a tree is an upper bound.
 */
export function processUse(roots: readonly number[]): ProcessUse {
  const stats = readStats();
  const children = Map.groupBy(stats, (stat) => stat.parent);
  const tree = new Map<number, Stat>();
  const queue = stats.filter((stat) => roots.includes(stat.pid));
  for (let stat = queue.pop(); stat; stat = queue.pop()) {
    if (tree.has(stat.pid)) continue;
    tree.set(stat.pid, stat);
    queue.push(...(children.get(stat.pid) ?? []));
  }
  let ticks = 0;
  let pages = 0;
  for (const stat of tree.values()) {
    ticks += stat.ticks;
    pages += stat.residentPages;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: pages * PAGE_BYTES };
}

function readStats(): Stat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [parseStat(Number(name), readFileSync(`/proc/${name}/stat`, 'latin1'))];
    } catch {
      return []; // ended since the directory was read
    }
  });
}

/** Fields after the command's name, which may hold anything, as `proc_pid_stat(5)` numbers them. */
function parseStat(pid: number, text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3] ?? 0);
  return {
    pid,
    parent: field(4),
    ticks: field(14) + field(15) + field(16) + field(17),
    residentPages: field(24),
  };
}
