import type { LabResultHead } from '../../../src/lab/lab.schema.ts';
import type { ImportRecord } from '../../../src/lake/import/import-book.ts';
import { m } from '../../paraglide/messages.js';
import { Link } from '../../ui/Link.tsx';
import { Button, Empty, Failure, Loading } from '../../ui/parts.tsx';
import { useRemote } from '../../ui/remote.ts';
import { useView } from '../view.ts';

/** A book of imported use that the address names, while no result of it is open. */
export function ImportToAsk({
  book,
  heads,
  isRunning,
  onAsk,
}: {
  readonly book: string;
  /** Results there are, of any book. */
  readonly heads: readonly LabResultHead[];
  readonly isRunning: boolean;
  readonly onAsk: (book: string) => void;
}) {
  const view = useView();
  const imports = useRemote<readonly ImportRecord[]>('/lab/imports');
  if (imports.error && !imports.data)
    return <Failure error={imports.error} onAgain={imports.reload} />;
  if (!imports.data) return <Loading rows={2} />;
  if (imports.data.some((each) => each.book === book)) {
    const wasAsked = heads.some((head) => head.book === book);
    return (
      <Empty
        action={
          <Button main disabled={isRunning} onClick={() => onAsk(book)}>
            {m.lab_run()}
          </Button>
        }
      >
        {wasAsked ? m.lab_import_asked({ book }) : m.lab_import_unasked({ book })}
      </Empty>
    );
  }
  if (imports.data.length === 0) return <Empty>{m.lab_import_none({ book })}</Empty>;
  return (
    <Empty
      action={
        <p className="lab-imports-there">
          {imports.data.map((each) => (
            <Link key={each.book} className="text-link" to={view.at('/lab', { of: each.book })}>
              {each.book}
            </Link>
          ))}
        </p>
      }
    >
      {m.lab_import_unknown({ book })}
    </Empty>
  );
}
