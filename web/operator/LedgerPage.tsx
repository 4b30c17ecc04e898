import { useState } from 'react';
import type { BalanceRow, IncidentRow } from '../../src/http/shapes/ledger.ts';
import type { Page as Rows } from '../../src/http/shapes/wire.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment, momentSeconds, numberOf } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Button, Empty, Failure, Loading } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { NEWEST_FIRST, RemoteTable } from '../ui/RemoteTable.tsx';
import { LocalTable } from '../ui/Table.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { AuditRun } from './AuditRun.tsx';
import { factsText } from './fact-words.ts';
import { Money } from './Figure.tsx';
import { Page } from './Page.tsx';
import { Account, PostingTable } from './PostingTable.tsx';
import { incidentAdvice, incidentText } from './server-words.ts';
import { useView } from './view.ts';

/** The books themselves, what a person should look at in them, and their proof. */
export function LedgerPage() {
  return (
    <Page title={m.op_ledger()} sentence={m.op_ledger_note()}>
      <Tabs
        label={m.op_ledger()}
        tabs={[
          {
            key: 'postings',
            label: m.op_postings(),
            content: () => <PostingTable path="/console/ledger/postings" hasCustomer />,
          },
          { key: 'balances', label: m.op_accounts(), content: () => <Balances /> },
          { key: 'incidents', label: m.op_incidents(), content: () => <Incidents /> },
          { key: 'audit', label: m.op_audit(), content: () => <AuditRun /> },
        ]}
      />
    </Page>
  );
}

function Balances() {
  const view = useView();
  const { data, error, reload } = useRemote<Rows<BalanceRow>>(
    `/console/ledger/balances${queryOf({ book: view.book })}`,
  );
  if (error && !data) return <Failure error={error} onAgain={reload} />;
  if (!data) return <Loading rows={8} />;
  if (data.rows.length === 0) return <Empty>{m.op_no_postings()}</Empty>;
  const to = ({ account, plan }: BalanceRow): string =>
    view.at('/ledger', { tab: 'postings', account, version: plan ?? undefined });
  return (
    <>
      <p className="faint">{m.op_balances_note()}</p>
      <LocalTable
        caption={m.op_accounts()}
        rows={data.rows}
        rowKey={(row) => row.account}
        rowHref={to}
        csvHref={`/api/console/ledger/balances${queryOf({ book: view.book, format: 'csv' })}`}
        columns={[
          {
            key: 'account',
            label: m.op_account(),
            sort: (row) => row.account,
            cell: (row) => (
              <Link to={to(row)}>
                <Account name={row.account} plan={row.plan} />
              </Link>
            ),
          },
          {
            key: 'balance',
            label: m.op_balance(),
            isFigure: true,
            sort: (row) => numberOf(row.balanceNanoUsd),
            cell: (row) => <Money nano={row.balanceNanoUsd} />,
          },
        ]}
      />
    </>
  );
}

function Incidents() {
  const view = useView();
  const [resolved, setResolved] = useState(0);
  const [error, setError] = useState<unknown>();
  const resolve = (id: string): void => {
    setError(undefined);
    api('POST', `/console/incidents/${encodeURIComponent(id)}/resolve`)
      .then(() => setResolved(resolved + 1))
      .catch(setError);
  };
  return (
    <>
      <FormProblem error={error} />
      <RemoteTable<IncidentRow>
        key={resolved}
        caption={m.op_incidents()}
        path="/console/incidents"
        query={{ book: view.book }}
        rowKey={(row) => row.id}
        firstSort={NEWEST_FIRST}
        empty={m.op_no_incidents()}
        columns={[
          {
            key: 'at',
            label: m.op_when(),
            sort: true,
            isShort: true,
            isSecond: true,
            cell: (row) => momentSeconds(row.atMs),
          },
          {
            key: 'kind',
            label: m.op_incident(),
            cell: (row) => (
              <>
                <strong>{incidentText(row.kind)}</strong>
                <p className="advice">{incidentAdvice(row.kind)}</p>
                <p className="advice only-narrow">
                  {factsText(row.facts)}
                  <br />
                  {momentSeconds(row.atMs)} <RequestOf incident={row} />
                </p>
              </>
            ),
          },
          {
            key: 'facts',
            label: m.op_facts(),
            isSecond: true,
            cell: (row) => factsText(row.facts),
          },
          {
            key: 'request',
            label: m.op_request(),
            isShort: true,
            isSecond: true,
            cell: (row) => <RequestOf incident={row} />,
          },
          {
            key: 'state',
            label: m.op_state(),
            cell: (row) =>
              row.resolvedAtMs !== null ? (
                m.op_resolved({ at: moment(row.resolvedAtMs) })
              ) : (
                <Button onClick={() => resolve(row.id)}>{m.op_resolve()}</Button>
              ),
          },
        ]}
      />
    </>
  );
}

function RequestOf({ incident }: { readonly incident: IncidentRow }) {
  const view = useView();
  return (
    incident.requestId && (
      <Link to={view.at(`/events/${incident.requestId}`)}>
        <code>{incident.requestId.slice(-8)}</code>
      </Link>
    )
  );
}
