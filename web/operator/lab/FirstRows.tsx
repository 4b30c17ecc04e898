import { type ReactNode, useState } from 'react';
import { m } from '../../paraglide/messages.js';
import { count } from '../../ui/figures.ts';
import { Button } from '../../ui/parts.tsx';

/** So many rows of a long table are enough to see what it is about. */
const FIRST = 12;

/** A table's first rows, and the rest once they are asked for. */
export function FirstRows<Row>({
  rows,
  children,
}: {
  readonly rows: readonly Row[];
  readonly children: (shown: readonly Row[]) => ReactNode;
}) {
  const [isAll, showAll] = useState(rows.length <= FIRST + 3);
  return (
    <div className="lab-who">
      {children(isAll ? rows : rows.slice(0, FIRST))}
      {!isAll && (
        <div className="lab-publish">
          <Button onClick={() => showAll(true)}>
            {m.lab_show_all({ count: count(rows.length) })}
          </Button>
        </div>
      )}
    </div>
  );
}
