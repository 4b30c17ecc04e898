import { useState } from 'react';
import type { PlanRequestRow } from '../../src/http/shapes/plans.ts';
import type { Page as Rows } from '../../src/http/shapes/wire.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Button } from '../ui/parts.tsx';
import { forgetAnswers, queryOf, useRemote } from '../ui/remote.ts';
import { Table } from '../ui/Table.tsx';
import { Part } from './Page.tsx';
import { useView } from './view.ts';

/** Customers who ask for another plan, until an operator answers; nothing where nobody asks. */
export function PlanRequests() {
  const view = useView();
  const asked = useRemote<Rows<PlanRequestRow>>(
    `/console/plan-requests${queryOf({ book: view.book, open: true })}`,
  );
  const [error, setError] = useState<unknown>();
  const answer = (id: string, approve: boolean): void => {
    setError(undefined);
    api('POST', `/console/plan-requests/${encodeURIComponent(id)}`, { approve })
      .then(forgetAnswers)
      .then(asked.reload)
      .catch(setError);
  };
  if (!asked.data || asked.data.rows.length === 0) return null;
  return (
    <Part title={m.op_plan_requests()} note={m.op_plan_requests_note()}>
      <FormProblem error={error} />
      <Table<PlanRequestRow>
        caption={m.op_plan_requests()}
        rows={asked.data.rows}
        rowKey={(row) => row.id}
        columns={[
          {
            key: 'customer',
            label: m.op_customer(),
            cell: (row) => (
              <Link to={view.at(`/customers/${row.customerId}`)}>{row.customerName}</Link>
            ),
          },
          { key: 'plan', label: m.op_plan_to(), cell: (row) => row.plan },
          {
            key: 'at',
            label: m.op_when(),
            isSecond: true,
            cell: (row) => moment(row.askedAtMs),
          },
          {
            key: 'answer',
            label: m.op_answer(),
            cell: (row) => (
              <span className="answers">
                <Button onClick={() => answer(row.id, true)}>{m.op_approve()}</Button>
                <Button onClick={() => answer(row.id, false)}>{m.op_decline()}</Button>
              </span>
            ),
          },
        ]}
      />
    </Part>
  );
}
