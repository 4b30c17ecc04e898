import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import type { Services } from '#http/services.ts';
import { DEFAULT_BEHAVIOUR } from '#lab/behaviour.ts';
import type { LabClient } from '#lab/lab-client.ts';
import { LabResults } from '#lab/lab-results.ts';
import { dropImport, importedBooks } from '#lake/import/import-book.ts';

/** The lab as the operator's API has it. */
export function labServices(lab: LabClient, dataDir: string): Services['lab'] {
  const results = new LabResults(dataDir);
  const lake = join(dataDir, 'lake');
  return {
    run: (request, progress, signal) => lab.run(request, (step) => progress({ ...step }), signal),
    runs: async () => lab.runs(),
    async cancel(run) {
      if (!lab.cancel(run))
        throw new DomainError('not_found', `There is no run ${run} of the lab.`);
    },
    results: async (limit) => results.list(limit),
    result: async (id) => results.read(id),
    assumptions: async () => DEFAULT_BEHAVIOUR,
    imports: async () => importedBooks(lake),
    async dropImport(book) {
      dropImport(lake, book);
      return { book, text: `Dropped ${book}.` };
    },
  };
}
