import { chmodSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { DomainError } from '#base/domain-error.ts';

/** The system account under which PostgreSQL runs. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True where Breakeven runs as root and PostgreSQL, which refuses root, as somebody else. */
  readonly switched: boolean;
}

/** PostgreSQL's own account if the machine has one, else the account that may do nothing. */
const CANDIDATES: readonly string[] = ['postgres', 'nobody'];

/**
 * Whom PostgreSQL shall run as: ourselves, unless we are root.
 * `owner` is the uid that owns existing data, which stays with its account.
 * @throws DomainError `invalid_configuration` where root finds no account to hand over to.
 */
export function serverAccount(owner: number | undefined): ServerAccount {
  const self = userInfo();
  if (self.uid !== 0) {
    return { name: self.username, uid: self.uid, gid: self.gid, switched: false };
  }
  const accounts = readAccounts();
  const chosen =
    accounts.find((account) => account.uid === owner && owner !== 0) ??
    CANDIDATES.map((name) => accounts.find((account) => account.name === name)).find(Boolean);
  if (chosen === undefined) {
    throw new DomainError(
      'invalid_configuration',
      'PostgreSQL refuses to run as root, and this machine has neither an account "postgres" nor ' +
        '"nobody" to run it under. Start Breakeven as an ordinary user, or set DATABASE_URL.',
    );
  }
  return { ...chosen, switched: true };
}

function readAccounts(): Omit<ServerAccount, 'switched'>[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/**
 * The first directory on the way to `path` (itself included) that the account may not enter;
 * undefined if the way is free. Access lists beyond the mode bits are not looked at.
 */
export function closedDirectory(path: string, account: ServerAccount): string | undefined {
  if (!account.switched) return undefined;
  const way: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    way.unshift(at);
    if (at === dirname(at)) break;
  }
  return way.find((directory) => {
    const { mode, uid, gid } = statSync(directory);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    return (mode & bit) === 0;
  });
}

/** Lets other accounts pass through (not list) a directory of ours. */
export function openForPassing(directory: string): void {
  chmodSync(directory, statSync(directory).mode | 0o011);
}
