/** Where a page of a table begins, and how many rows it has at most. */
export interface PlaceInTable {
  /** The `next` of the page before. */
  readonly after: string | undefined;
  /** `undefined`: as many as a page has. */
  readonly limit: number | undefined;
}

export interface PageRead<Each> {
  readonly rows: readonly Each[];
  readonly next?: string | null;
}

/**
 * The rows of a table from a place on, page after page; one is read when the one before has been taken, so
 * that a table of any length needs the memory of a page.
 */
export async function* pagesOf<Each>(
  read: (place: PlaceInTable) => Promise<PageRead<Each>>,
  from: Partial<PlaceInTable> = {},
): AsyncGenerator<readonly Each[]> {
  let { after, limit } = from;
  do {
    const { rows, next } = await read({ after, limit });
    yield rows;
    if (limit !== undefined) limit -= rows.length;
    after = next ?? undefined;
  } while (after !== undefined && limit !== 0);
}
