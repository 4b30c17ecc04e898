/**
 * The page comes with a composer that takes keys before any script has run. When the application draws
 * its own in its place, what was written goes on there.
 */
const first = document.querySelector<HTMLTextAreaElement>('.shell textarea');
let isTaken = first === null;

/** What was written before the application ran; once, and empty from then on. */
export function writtenBefore(): string {
  if (isTaken) return '';
  isTaken = true;
  // An Enter could not send yet; it is pressed again, and nobody wants the empty line.
  return (first?.value ?? '').replace(/\n+$/, '');
}
