/** Prints what a run measured, for the pages that state it. */
export function figures(name: string, values: object): void {
  process.stdout.write(`${name}: ${JSON.stringify(values)}\n`);
}
