import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { Services } from '#http/services.ts';
import { DEFAULT_BEHAVIOUR } from '#lab/behaviour.ts';
import type { Book } from '#base/book.ts';
import { type FixChoice, fixScenario } from '#lab/fix-scenario.ts';
import type { LabClient } from '#lab/lab-client.ts';
import type { LabResults } from '#lab/lab-results.ts';
import { dropImport, importedBooks } from '#lake/import/import-book.ts';

/** The lab as the operator's API has it. */
export function labServices(lab: LabClient, results: LabResults, dataDir: string): Services['lab'] {
  const lake = join(dataDir, 'lake');
  return {
    run: (request, progress, signal) => lab.run(request, (step) => progress({ ...step }), signal),
    runs: async () => lab.runs(),
    follow: (run, progress, signal) => lab.follow(run, (step) => progress({ ...step }), signal),
    async cancel(run) {
      if (!lab.cancel(run))
        throw new DomainError('not_found', `There is no run ${run} of the lab.`);
    },
    results: async (limit) => results.list(limit),
    result: async (id) => results.read(id),
    fix: async (id: Id<'labResult'>, choice: FixChoice) => {
      const { terms, changes, document } = fixScenario(results.read(id), choice);
      return { result: id, fix: choice.fix, plan: terms.plan, changes, terms, document };
    },
    async tryFix(id, choice, progress, signal) {
      const { recommendation, terms, changes } = fixScenario(results.read(id), choice);
      const { book, bounds, behaviour, seed, fromDay } = recommendation;
      return lab.run(
        {
          kind: 'trial',
          book: book as Book,
          terms,
          changes,
          rank: choice.fix,
          ...bounds,
          behaviour,
          seed,
          fromDay,
          bills: false,
        },
        (step) => progress({ ...step }),
        signal,
      );
    },
    assumptions: async () => DEFAULT_BEHAVIOUR,
    imports: async () => importedBooks(lake),
    async dropImport(book) {
      dropImport(lake, book);
      return { book, text: `Dropped ${book}.` };
    },
  };
}
