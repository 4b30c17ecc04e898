import { readdirSync, readFileSync } from 'node:fs';

/** What a set of processes has used. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  /** Of the root processes alone. */
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
 * CPU time of processes with all their descendants, and their own resident memory, from `/proc/PID/stat`.
 * Times of children that have ended and were waited for stand in their parent's counters, so nothing
 * is lost between two readings and nothing is counted twice. Shared pages count once per process
 * (PostgreSQL's buffers): the memory of a tree is an upper bound.
 */
export function processUse(roots: readonly number[]): ProcessUse {
  let ticks = 0;
  let pages = 0;
  for (const stat of treeOf(roots, readStats()).values()) {
    ticks += stat.ticks;
    if (roots.includes(stat.pid)) pages += stat.residentPages;
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: pages * PAGE_BYTES };
}

function treeOf(roots: readonly number[], stats: readonly Stat[]): Map<number, Stat> {
  const children = Map.groupBy(stats, (stat) => stat.parent);
  const tree = new Map<number, Stat>();
  const queue = stats.filter((stat) => roots.includes(stat.pid));
  for (let stat = queue.pop(); stat; stat = queue.pop()) {
    if (tree.has(stat.pid)) continue;
    tree.set(stat.pid, stat);
    queue.push(...(children.get(stat.pid) ?? []));
  }
  return tree;
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

/**
 * Memory of processes with all their descendants, pages that several share counted by their share
 * (PostgreSQL's buffers, and programs). Takes a while: not for reading under load.
 */
export function treeMemoryBytes(roots: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of treeOf(roots, readStats()).keys()) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
      kilobytes += Number(/^Pss: +(\d+) kB/m.exec(text)?.[1] ?? 0);
    } catch {
      // ended, or another user's
    }
  }
  return kilobytes * 1024;
}
