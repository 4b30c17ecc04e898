import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process, told apart from a later one that got the same number. Process numbers are reused, in
 * containers within seconds, so a number alone proves nothing about who holds a lock.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form the system tells it; equal strings mean the same process. */
  readonly started: string;
}

export function currentProcess(): ProcessIdentity {
  return { pid: process.pid, started: processStarted(process.pid) ?? 'unknown' };
}

/** Whether exactly this process still runs. A zombie that nobody reaped counts as dead. */
export function isRunning(identity: ProcessIdentity): boolean {
  const started = processStarted(identity.pid);
  if (started === undefined) return false;
  return identity.started === 'unknown' || started === identity.started;
}

/**
 * Whether a process is known to have run since the machine was last started. False where the system
 * does not tell one start of the machine from another.
 */
export function startedSinceBoot({ started }: ProcessIdentity): boolean {
  const boot = process.platform === 'linux' ? bootId() : '';
  return boot !== '' && started.startsWith(`${boot}:`);
}

/** When the live process of this number started; undefined if there is none. */
export function processStarted(pid: number): string | undefined {
  if (process.platform === 'linux') return startedFromProc(pid);
  const started = ps(pid, 'lstart=');
  return started === undefined || ps(pid, 'stat=')?.startsWith('Z') ? undefined : started;
}

/** The command line of a live process, or undefined where there is none or it cannot be read. */
export function processCommand(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return undefined;
  }
}

function startedFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may itself hold brackets and spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    // Field 22 counts ticks since boot, hence the boot's own id beside it.
    return `${bootId()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string | undefined {
  try {
    const out = execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim();
    return out === '' ? undefined : out;
  } catch {
    return undefined;
  }
}
