import { type ReactNode, useState } from 'react';
import { m } from '../paraglide/messages.js';
import { goTo } from './place.ts';

export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  /** Figures stand right, in tabular numerals. */
  readonly isFigure?: boolean;
  /** What to compare when sorted in the browser, or `true` where the server sorts by `key`. */
  readonly sort?: true | ((row: Row) => number | string);
  readonly cell: (row: Row) => ReactNode;
  /** Of a word or two, which stay on one line. */
  readonly isShort?: boolean;
  /** Left out where room is short. */
  readonly isSecond?: boolean;
}

export type Order = 'asc' | 'desc';
export interface Sorting {
  readonly key: string;
  readonly order: Order;
}

/** The rows themselves, with heads that sort. A row opens what it is made of. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  rowHref,
  sorting,
  onSort,
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row, index: number) => string;
  readonly rowHref?: ((row: Row) => string | undefined) | undefined;
  readonly sorting?: Sorting | undefined;
  readonly onSort?: ((sorting: Sorting) => void) | undefined;
}) {
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const href = rowHref?.(row);
            return (
              <tr
                key={rowKey(row, index)}
                {...(href !== undefined && {
                  className: 'opens',
                  onClick: (event) => {
                    const isOwn = (event.target as HTMLElement).closest('a, button, input');
                    if (!isOwn && getSelection()?.isCollapsed !== false) goTo(href);
                  },
                })}
              >
                {columns.map((column) => (
                  <td key={column.key} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const classOf = <Row,>({ isFigure, isSecond, isShort }: Column<Row>): string =>
  [isFigure && 'figure', isSecond && 'second', isShort && 'short'].filter(Boolean).join(' ');

function Head<Row>({
  column,
  sorting,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: ((sorting: Sorting) => void) | undefined;
}) {
  const isSorted = sorting?.key === column.key;
  const className = classOf(column);
  if (column.sort === undefined || !onSort)
    return (
      <th scope="col" className={className}>
        {column.label}
      </th>
    );
  const next: Order = isSorted
    ? sorting.order === 'asc'
      ? 'desc'
      : 'asc'
    : column.isFigure
      ? 'desc'
      : 'asc';
  return (
    <th
      scope="col"
      className={className}
      aria-sort={isSorted ? (sorting.order === 'asc' ? 'ascending' : 'descending') : 'none'}
    >
      <button type="button" onClick={() => onSort({ key: column.key, order: next })}>
        {column.label}
        {isSorted && (
          <span aria-hidden="true" className="sort-sign">
            {sorting.order === 'asc' ? '↑' : '↓'}
          </span>
        )}
      </button>
    </th>
  );
}

/** A table whose rows are all here: sorted and filtered in the browser. */
export function LocalTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  rowHref,
  firstSort,
  textOf,
  csvHref,
}: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row, index: number) => string;
  readonly rowHref?: (row: Row) => string | undefined;
  readonly firstSort?: Sorting;
  /** What a search looks in; absent: no search. */
  readonly textOf?: (row: Row) => string;
  readonly csvHref?: string;
}) {
  const [sorting, sort] = useState(firstSort);
  const [search, find] = useState('');
  const by = columns.find((column) => column.key === sorting?.key)?.sort;
  const found =
    textOf && search
      ? rows.filter((row) => textOf(row).toLowerCase().includes(search.toLowerCase()))
      : rows;
  const shown =
    typeof by === 'function'
      ? found.toSorted((a, b) => compare(by(a), by(b)) * (sorting?.order === 'desc' ? -1 : 1))
      : found;
  return (
    <>
      {(textOf || csvHref) && (
        <TableBar search={textOf ? search : undefined} onSearch={find} csvHref={csvHref} />
      )}
      <Table
        caption={caption}
        columns={columns}
        rows={shown}
        rowKey={rowKey}
        rowHref={rowHref}
        sorting={sorting}
        onSort={sort}
      />
    </>
  );
}

/** Search on the left, what to take away on the right. */
export function TableBar({
  search,
  onSearch,
  csvHref,
  children,
}: {
  readonly search?: string | undefined;
  readonly onSearch?: (search: string) => void;
  readonly csvHref?: string | undefined;
  readonly children?: ReactNode;
}) {
  return (
    <div className="table-bar">
      {search !== undefined && (
        <input
          className="input input-small"
          type="search"
          value={search}
          placeholder={m.ui_search()}
          aria-label={m.ui_search()}
          onChange={(event) => onSearch?.(event.target.value)}
        />
      )}
      {children}
      <span className="grow" />
      {csvHref && (
        <a className="quiet-link" href={csvHref} download>
          {m.ui_csv()}
        </a>
      )}
    </div>
  );
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b);
  return Number(a) - Number(b);
}
