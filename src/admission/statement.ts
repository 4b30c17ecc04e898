/** A prepared statement with what goes with it, on its way to the store. */
export interface Statement {
  /** Unique on its connection. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | Buffer)[];
  /** Whether its rows are of interest; what only writes answers none. */
  readonly answersRows: boolean;
  /** Of a `COPY … FROM STDIN`: the messages that follow it, with the rows. */
  readonly copied?: Buffer;
}

/** A command without parameters, such as `BEGIN`. */
export function command(text: string): Statement {
  return { name: text.toLowerCase(), text, values: [], answersRows: false };
}
