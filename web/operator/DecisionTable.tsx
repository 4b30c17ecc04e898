import type { DecisionRow } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { countShort, momentSeconds } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Segments } from '../ui/parts.tsx';
import { goTo, usePlace } from '../ui/place.ts';
import { queryOf } from '../ui/remote.ts';
import { NEWEST_FIRST, RemoteTable } from '../ui/RemoteTable.tsx';
import { Money } from './Figure.tsx';
import { FilterChips } from './FilterChips.tsx';
import { endText, gateName } from './server-words.ts';
import { useView } from './view.ts';

type Verdict = 'all' | 'admitted' | 'refused';
const NARROWED_BY = ['plan', 'gate', 'model'] as const;

/** What became of a request, in one word. */
export function outcomeText(row: DecisionRow): string {
  if (row.classServed === null) return m.op_outcome_refused();
  return row.outcome === null ? m.op_outcome_open() : endText(row.outcome);
}

/** Decisions, refusals too. What narrows them stands in the address and can be taken off. */
export function DecisionTable({ path }: { readonly path: string }) {
  const view = useView();
  const { path: here, query } = usePlace();
  const fields = Object.fromEntries(query);
  const verdict = (fields['verdict'] ?? 'all') as Verdict;
  const narrow = (change: Readonly<Record<string, string | undefined>>): void =>
    goTo(`${here}${queryOf({ ...fields, ...change })}`, 'replace');
  const to = (row: DecisionRow): string => view.at(`/events/${row.requestId}`);
  return (
    <RemoteTable<DecisionRow>
      caption={m.op_requests()}
      path={path}
      query={{
        ...view.query,
        plan: fields['plan'],
        gate: fields['gate'],
        model: fields['model'],
        verdict: verdict === 'all' ? undefined : verdict,
      }}
      rowKey={(row) => `${row.requestId}.${row.seq}`}
      rowHref={to}
      firstSort={NEWEST_FIRST}
      empty={m.op_no_requests()}
      filters={
        <>
          <Segments
            label={m.op_verdict()}
            value={verdict}
            options={[
              { value: 'all', label: m.op_verdict_all() },
              { value: 'admitted', label: m.op_verdict_admitted() },
              { value: 'refused', label: m.op_verdict_refused() },
            ]}
            onChange={(next) => narrow({ verdict: next === 'all' ? undefined : next })}
          />
          <FilterChips names={NARROWED_BY} />
        </>
      }
      columns={[
        {
          key: 'at',
          label: m.op_when(),
          sort: true,
          cell: (row) => <Link to={to(row)}>{momentSeconds(row.atMs)}</Link>,
        },
        { key: 'plan', label: m.op_plan(), isSecond: true, cell: (row) => row.plan },
        {
          key: 'model',
          label: m.op_model(),
          isShort: true,
          cell: (row) =>
            row.model && row.model !== row.modelAsked ? (
              <>
                {row.model} <span className="faint">← {row.modelAsked}</span>
              </>
            ) : (
              (row.model ?? row.modelAsked)
            ),
        },
        {
          key: 'outcome',
          label: m.op_outcome(),
          cell: (row) => (
            <>
              <span className="short">{outcomeText(row)}</span>
              {row.gate && <code className="after">{gateName(row.gate)}</code>}
            </>
          ),
        },
        {
          key: 'tokens',
          label: m.op_tokens(),
          isFigure: true,
          isSecond: true,
          cell: (row) =>
            row.tokensIn === null
              ? ''
              : m.op_in_out({ in: countShort(row.tokensIn), out: countShort(row.tokensOut ?? 0) }),
        },
        {
          key: 'charge',
          label: m.op_charge(),
          isFigure: true,
          isSecond: true,
          cell: (row) => row.chargeNanoUsd !== null && <Money nano={row.chargeNanoUsd} />,
        },
        {
          key: 'cost',
          label: m.op_cost(),
          isFigure: true,
          cell: (row) => row.costNanoUsd !== null && <Money nano={row.costNanoUsd} />,
        },
      ]}
    />
  );
}
