/**
 * A process that notes requests as sent and waits to be killed.
 *
 * Usage: node testing-sent.ts <directory> <sends> <open>
 */
import process from 'node:process';
import { namedId } from '#base/id.ts';
import { currentProcess } from '#db/process-identity.ts';
import { SentJournal } from './sent-journal.ts';

const [directory = '', sends, open] = process.argv.slice(2);
const journal = SentJournal.begin(directory);
for (let index = 0; index < Number(sends); index++) {
  journal?.sending(namedId('request', String(index)));
  const ended = index - Number(open);
  if (ended >= 0) journal?.ended(namedId('request', String(ended)));
}
process.send?.(currentProcess());
setInterval(() => undefined, 1000);
