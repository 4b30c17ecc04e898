import type {
  AccountOperationRow,
  CustomerDetail,
  Meter,
  OpenHold,
} from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { moment, momentSeconds, numberOf, percent } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { Table } from '../ui/Table.tsx';
import { factsText } from './fact-words.ts';
import { Money } from './Figure.tsx';
import { amountText, limitText } from './gate-words.ts';
import { Part } from './Page.tsx';
import { kindText } from './server-words.ts';
import { useView } from './view.ts';

/** What a customer has, what is held, how full each gate is, and what changed it. */
export function CustomerAccount({ customer }: { readonly customer: CustomerDetail }) {
  const view = useView();
  return (
    <>
      <div className="columns">
        <Part title={m.op_balances()}>
          <Balances balances={customer.balances} />
        </Part>
        <Part title={m.op_limits()}>
          {customer.meters.length === 0 ? (
            <p className="soft">{m.op_no_gates()}</p>
          ) : (
            <ul className="meters">
              {customer.meters.map((meter) => (
                <MeterLine key={meter.gate} meter={meter} />
              ))}
            </ul>
          )}
        </Part>
      </div>
      <Part title={m.op_holds()} note={m.op_holds_note()}>
        {customer.holds.length === 0 ? (
          <p className="soft">{m.op_no_holds()}</p>
        ) : (
          <Table<OpenHold>
            caption={m.op_holds()}
            rows={customer.holds}
            rowKey={(hold) => hold.requestId}
            rowHref={(hold) => view.at(`/events/${hold.requestId}`)}
            columns={[
              {
                key: 'at',
                label: m.op_when(),
                cell: (hold) => (
                  <Link to={view.at(`/events/${hold.requestId}`)}>
                    {momentSeconds(hold.admittedAtMs)}
                  </Link>
                ),
              },
              { key: 'model', label: m.op_model(), cell: (hold) => hold.model },
              {
                key: 'supplier',
                label: m.op_supplier(),
                isSecond: true,
                cell: (hold) => hold.supplier,
              },
              {
                key: 'held',
                label: m.op_held(),
                isFigure: true,
                cell: (hold) => <Money nano={hold.heldNanoUsd} />,
              },
            ]}
          />
        )}
      </Part>
      <Part title={m.op_account_changes()}>
        <RemoteTable<AccountOperationRow>
          caption={m.op_account_changes()}
          path={`/console/customers/${customer.id}/operations`}
          query={{ book: view.book }}
          rowKey={(row) => String(row.seq)}
          firstSort={{ key: 'seq', order: 'desc' }}
          empty={m.op_no_account_changes()}
          columns={[
            {
              key: 'seq',
              label: m.op_when(),
              sort: true,
              cell: (row) => momentSeconds(row.atMs),
            },
            { key: 'kind', label: m.op_kind(), isShort: true, cell: (row) => kindText(row.kind) },
            { key: 'plan', label: m.op_plan(), isSecond: true, cell: (row) => row.plan },
            {
              key: 'facts',
              label: m.op_facts(),
              cell: (row) => factsText(row.facts),
            },
          ]}
        />
      </Part>
    </>
  );
}

function Balances({ balances }: { readonly balances: CustomerDetail['balances'] }) {
  if (!balances) return <p className="soft">{m.op_no_balances()}</p>;
  const lines = [
    { name: m.op_balance_allowance(), nano: balances.allowanceNanoUsd },
    { name: m.op_balance_promotional(), nano: balances.promotionalNanoUsd },
    { name: m.op_balance_bought(), nano: balances.boughtNanoUsd },
    { name: m.op_held(), nano: balances.heldNanoUsd },
    { name: m.op_balance_owed(), nano: balances.overageOwedNanoUsd },
  ];
  return (
    <>
      <dl className="pairs">
        {lines.map(({ name, nano }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Money nano={nano} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="faint">
        {m.op_balance_period({
          from: moment(balances.periodStartMs),
          to: moment(balances.periodEndMs),
        })}
      </p>
    </>
  );
}

function MeterLine({ meter }: { readonly meter: Meter }) {
  return (
    <li>
      <div>
        <code>{meter.gate}</code>
        <span>
          {m.op_meter({
            used: amountText(meter.unit, numberOf(meter.used)),
            limit: limitText(meter.unit, meter.limit),
          })}
        </span>
      </div>
      <progress aria-label={meter.gate} max={1} value={Math.min(1, meter.fill)} />
      <p className="faint">
        {percent(meter.fill)}
        {meter.resetsAtMs !== null && ` · ${m.op_meter_resets({ at: moment(meter.resetsAtMs) })}`}
      </p>
    </li>
  );
}
