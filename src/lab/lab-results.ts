import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import { type Id, parseId } from '#base/id.ts';
import type { LabResult, LabResultHead } from './lab.schema.ts';

/** So many are kept; the oldest go. */
const KEPT_MAX = 200;

/** The results of the lab, a file each under the data folder. The books know nothing of them. */
export class LabResults {
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'lab', 'results');
  }

  save(result: LabResult): void {
    mkdirSync(this.#directory, { recursive: true });
    const file = join(this.#directory, `${result.id}.json`);
    writeFileSync(`${file}.making`, JSON.stringify(result));
    renameSync(`${file}.making`, file);
    for (const id of this.#ids().slice(KEPT_MAX)) rmSync(join(this.#directory, `${id}.json`));
  }

  /** The newest first. */
  list(limit: number): readonly LabResultHead[] {
    return this.#ids()
      .slice(0, limit)
      .map((id) => {
        const result = this.read(id);
        const { kind, book, createdAtMs, oracle, text } = result;
        return {
          id,
          kind,
          plan: result.kind === 'recommendation' ? result.plan : null,
          book,
          createdAtMs,
          exact: oracle.exact,
          ...marginsOf(result),
          outcome: outcomeOf(result),
          text: text.split('\n')[0] ?? '',
        };
      });
  }

  /** @throws DomainError `not_found` */
  read(id: Id<'labResult'>): LabResult {
    const file = join(this.#directory, `${id}.json`);
    if (!existsSync(file)) throw new DomainError('not_found', `There is no lab result ${id}.`);
    return JSON.parse(readFileSync(file, 'utf8')) as LabResult;
  }

  /** Ids sort by the time of their making. */
  #ids(): readonly Id<'labResult'>[] {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .flatMap((name) => parseId('labResult', name.replace(/\.json$/, '')) ?? [])
      .sort()
      .reverse();
  }
}

function marginsOf(result: LabResult): Pick<LabResultHead, 'marginBefore' | 'marginAfter'> {
  if (result.kind === 'replay')
    return { marginBefore: result.total.before.margin, marginAfter: result.total.after.margin };
  const { margin } = result.before;
  return { marginBefore: margin, marginAfter: result.fixes[0]?.margin ?? margin };
}

function outcomeOf(result: LabResult): LabResultHead['outcome'] {
  if (result.kind === 'replay') return null;
  const [first] = result.fixes;
  if (first?.fits !== true) return 'none fits';
  return first.changes.length === 0 ? 'as it is' : 'change';
}
