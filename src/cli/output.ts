/** What commands print: tables for people, JSON for programs. */
export interface Output {
  readonly json: boolean;
  /** One line to standard output. */
  line(text?: string): void;
  /** One line to standard error, for progress; overwrites the one before on a terminal. */
  progress(text: string): void;
}

/** The process's own output. */
export function processOutput(json: boolean): Output {
  return {
    json,
    line: (text = '') => void process.stdout.write(`${text}\n`),
    progress: (text) =>
      void process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : `${text}\n`),
  };
}

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
}

/** Rows under titles, columns as wide as they need to be; numbers to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...cells].map((line) => line[index]?.length ?? 0)),
  );
  const render = (line: readonly string[]): string =>
    line
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    render(titles),
    render(widths.map((width) => '─'.repeat(width))),
    ...cells.map(render),
  ].join('\n');
}
