import { type ReactNode, useDeferredValue, useRef, useState } from 'react';
import type { Page } from '../../src/http/shapes/wire.ts';
import { m } from '../paraglide/messages.js';
import { count } from './figures.ts';
import { Button, Empty, Failure, Loading } from './parts.tsx';
import { queryOf, useRemote } from './remote.ts';
import { type Column, type Sorting, Table, TableBar } from './Table.tsx';

const ROWS = 50;

/** Of what has a time. */
export const NEWEST_FIRST: Sorting = { key: 'at', order: 'desc' };

/** A table whose rows stay at the server, which sorts, searches and pages. */
export function RemoteTable<Row>({
  caption,
  path,
  query,
  columns,
  rowKey,
  rowHref,
  firstSort,
  hasSearch = false,
  hasCsv = true,
  empty,
  filters,
}: {
  readonly caption: string;
  /** Below `/api`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row, index: number) => string;
  readonly rowHref?: (row: Row) => string | undefined;
  readonly firstSort?: Sorting;
  readonly hasSearch?: boolean;
  readonly hasCsv?: boolean;
  readonly empty: ReactNode;
  readonly filters?: ReactNode;
}) {
  const [sorting, sort] = useState(firstSort);
  const [search, find] = useState('');
  const [trail, setTrail] = useState<readonly string[]>([]);
  const q = useDeferredValue(search);
  const asked = queryOf({ ...query, q, sort: sorting?.key, order: sorting?.order });
  // Another question starts at its first page.
  const [trailOf, setTrailOf] = useState(asked);
  const isSame = trailOf === asked;
  const place = isSame ? trail : [];
  const after = place.at(-1);
  const page = useRemote<Page<Row>>(
    `${path}${queryOf({ ...query, q, sort: sorting?.key, order: sorting?.order, after, limit: ROWS })}`,
  );
  const top = useRef<HTMLElement>(null);
  const go = (next: readonly string[]): void => {
    setTrail(next);
    setTrailOf(asked);
    // A page is read from its first row.
    top.current?.scrollIntoView({ block: 'start' });
  };
  const from = place.length * ROWS;
  const rows = page.data?.rows ?? [];
  const hasFile = hasCsv && rows.length > 0;
  const isEmpty = page.data !== undefined && rows.length === 0;
  return (
    <section className="table-block" ref={top}>
      {(hasSearch || hasFile || filters) && (
        <TableBar
          search={hasSearch ? search : undefined}
          onSearch={find}
          csvHref={
            hasFile
              ? `/api${path}${queryOf({ ...query, q, sort: sorting?.key, order: sorting?.order, format: 'csv' })}`
              : undefined
          }
        >
          {filters}
        </TableBar>
      )}
      {page.error ? (
        <Failure error={page.error} onAgain={page.reload} />
      ) : !page.data ? (
        <Loading rows={8} />
      ) : isEmpty ? (
        <Empty>{q ? m.ui_nothing_found({ search: q }) : empty}</Empty>
      ) : (
        <Table
          caption={caption}
          columns={columns}
          rows={rows}
          rowKey={rowKey}
          rowHref={rowHref}
          sorting={sorting}
          onSort={sort}
        />
      )}
      {(place.length > 0 || page.data?.next) && (
        <nav className="pager" aria-label={m.ui_pages()}>
          <Button disabled={place.length === 0} onClick={() => go(place.slice(0, -1))}>
            {m.ui_previous()}
          </Button>
          <span>
            {typeof page.data?.total !== 'number'
              ? m.ui_rows({ from: count(from + 1), to: count(from + rows.length) })
              : m.ui_rows_of({
                  from: count(from + 1),
                  to: count(from + rows.length),
                  total: count(page.data.total),
                })}
          </span>
          <Button
            disabled={!page.data?.next}
            onClick={() => page.data?.next && go([...place, page.data.next])}
          >
            {m.ui_next()}
          </Button>
        </nav>
      )}
    </section>
  );
}
