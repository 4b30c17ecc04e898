import { useState } from 'react';
import type { AuditDifference, AuditFigures, BookAudit } from '../../src/ledger/audit.ts';
import type { Nano } from '../../src/http/shapes/wire.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { count } from '../ui/figures.ts';
import { Button } from '../ui/parts.tsx';
import { Table } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import { Pairs } from './Pairs.tsx';
import { useView } from './view.ts';

/** As `POST /api/audit` tells it of one book: sums come as text. */
type AuditedBook = Omit<BookAudit, 'figures'> & {
  readonly figures: Omit<AuditFigures, 'cost' | 'charge'> & {
    readonly cost: Nano;
    readonly charge: Nano;
  };
};

/** Adds the whole book up again, from the events to the balances. */
export function AuditRun() {
  const view = useView();
  const [audited, setAudited] = useState<AuditedBook>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const { books } = await api<{ readonly books: readonly AuditedBook[] }>('POST', '/audit', {
        book: view.book,
      });
      setAudited(books[0]);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <p className="soft">{m.op_audit_note()}</p>
      <Button main busy={isBusy} onClick={() => void run()}>
        {isBusy ? m.op_audit_runs() : m.op_audit_do()}
      </Button>
      <FormProblem error={error} />
      {/* What was proved is of the book that was in sight then. */}
      {audited?.book === view.book && <Proof audited={audited} />}
    </>
  );
}

function Proof({ audited }: { readonly audited: AuditedBook }) {
  const { figures, differences } = audited;
  const found = Object.values(audited.differenceCounts).reduce((sum, each) => sum + each, 0);
  const pairs = [
    [m.op_customers(), count(figures.accounts)],
    [m.op_audit_decisions(), count(figures.decisions)],
    [m.op_audit_events(), count(figures.events)],
    [m.op_audit_transfers(), count(figures.transfers)],
    [m.op_audit_holds(), count(figures.openHolds)],
    [m.op_audit_sealed(), count(figures.sealedDays)],
    [m.op_cost(), <Money key="cost" nano={figures.cost} />],
    [m.op_charge(), <Money key="charge" nano={figures.charge} />],
  ] as const;
  return (
    <div className="part" role="status">
      <p>
        <strong>{audited.ok ? m.op_audit_ok() : m.op_audit_not()}</strong>
      </p>
      <Pairs pairs={pairs} />
      {differences.length > 0 && (
        <Table<AuditDifference>
          caption={m.op_audit_not()}
          rows={differences}
          rowKey={({ check, subject }) => `${check} ${subject}`}
          columns={[
            { key: 'check', label: m.op_audit_check(), cell: ({ check }) => <code>{check}</code> },
            { key: 'subject', label: m.op_subject(), cell: ({ subject }) => subject },
            {
              key: 'expected',
              label: m.op_audit_expected(),
              isFigure: true,
              cell: ({ expected }) => expected,
            },
            {
              key: 'found',
              label: m.op_audit_found(),
              isFigure: true,
              cell: (difference) => difference.found,
            },
          ]}
        />
      )}
      {found > differences.length && (
        <p className="faint">
          {m.op_audit_more({ told: count(differences.length), count: count(found) })}
        </p>
      )}
    </div>
  );
}
