/** Stops the operation on a broken invariant: a programmer's error, never an answer to bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** The end of an exhaustive `switch`: fails to compile when a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
