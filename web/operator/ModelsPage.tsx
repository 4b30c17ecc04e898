import { useState } from 'react';
import type {
  ModelsAnswer,
  PriceRow,
  RouteRow,
  SupplierRow,
} from '../../src/http/shapes/suppliers.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import type { Page as Rows } from '../../src/http/shapes/wire.ts';
import { count, countShort, dateText, numberOf, percent, usd } from '../ui/figures.ts';
import { Button, Empty, Failure, Loading } from '../ui/parts.tsx';
import { forgetAnswers, queryOf, useRemote } from '../ui/remote.ts';
import { Link } from '../ui/Link.tsx';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { LocalTable } from '../ui/Table.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { Money } from './Figure.tsx';
import { Page, Part } from './Page.tsx';
import { SupplierClaims } from './SupplierClaims.tsx';
import { useView } from './view.ts';

/** What answers, how well, and at which price as really paid. */
export function ModelsPage() {
  return (
    <Page title={m.op_models()} sentence={m.op_models_note()}>
      <Tabs
        label={m.op_models()}
        tabs={[
          { key: 'routes', label: m.op_routes(), content: () => <Routes /> },
          {
            key: 'suppliers',
            label: m.op_suppliers(),
            content: () => (
              <>
                <Suppliers />
                <SupplierClaims />
              </>
            ),
          },
          { key: 'prices', label: m.op_price_book(), content: () => <Prices /> },
        ]}
      />
    </Page>
  );
}

const HEALTH: Readonly<Record<RouteRow['health'], () => string>> = {
  closed: m.op_health_ok,
  open: m.op_health_open,
  'half-open': m.op_health_half,
  unused: m.op_health_unused,
};

function Routes() {
  const view = useView();
  const { data, error, reload } = useRemote<ModelsAnswer>(`/console/models${queryOf(view.query)}`);
  if (error && !data) return <Failure error={error} onAgain={reload} />;
  if (!data) return <Loading rows={8} />;
  if (data.rows.length === 0) return <Empty>{m.op_no_routes()}</Empty>;
  return (
    <LocalTable
      caption={m.op_routes()}
      rows={data.rows}
      rowKey={(row) => `${row.supplier}/${row.model}/${row.upstreamModel}`}
      rowHref={(row) => view.at('/requests', { model: row.model })}
      textOf={(row) => `${row.model} ${row.displayName} ${row.supplier} ${row.className}`}
      csvHref={`/api/console/models${queryOf({ ...view.query, format: 'csv' })}`}
      firstSort={{ key: 'cost', order: 'desc' }}
      columns={[
        {
          key: 'model',
          label: m.op_model(),
          sort: (row) => row.displayName,
          cell: (row) => (
            <>
              <Link to={view.at('/requests', { model: row.model })}>{row.displayName}</Link>
              {!row.priced && <span className="tag">{m.op_unpriced()}</span>}
              {!row.enabled && <span className="tag">{m.op_off()}</span>}
            </>
          ),
        },
        {
          key: 'class',
          label: m.op_class(),
          isSecond: true,
          sort: (row) => row.className,
          cell: (row) => className(row.className),
        },
        {
          key: 'supplier',
          label: m.op_supplier(),
          sort: (row) => row.supplier,
          cell: (row) => row.supplier,
        },
        {
          key: 'health',
          label: m.op_health(),
          isSecond: true,
          sort: (row) => row.health,
          cell: (row) => HEALTH[row.health](),
        },
        {
          key: 'requests',
          label: m.op_requests(),
          isFigure: true,
          isSecond: true,
          sort: (row) => row.requests,
          cell: (row) => count(row.requests),
        },
        {
          key: 'failed',
          label: m.op_failed(),
          isFigure: true,
          isSecond: true,
          sort: (row) => row.failed,
          cell: (row) => (row.requests === 0 ? '' : percent(row.failed / row.requests)),
        },
        {
          key: 'tokens',
          label: m.op_tokens(),
          isFigure: true,
          isSecond: true,
          sort: (row) => row.tokens,
          cell: (row) => countShort(row.tokens),
        },
        {
          key: 'latency',
          label: m.op_latency(),
          isFigure: true,
          isSecond: true,
          sort: (row) => row.latencyMsP50 ?? -1,
          cell: (row) =>
            row.latencyMsP50 === null || row.latencyMsP50 === 0
              ? ''
              : m.op_latency_text({
                  half: count(row.latencyMsP50),
                  most: count(row.latencyMsP95 ?? row.latencyMsP50),
                }),
        },
        {
          key: 'million',
          label: m.op_per_million(),
          isFigure: true,
          sort: (row) => numberOf(row.costPerMillionNanoUsd ?? -1),
          cell: (row) =>
            row.costPerMillionNanoUsd !== null && <Money nano={row.costPerMillionNanoUsd} />,
        },
        {
          key: 'cost',
          label: m.op_cost(),
          isFigure: true,
          sort: (row) => numberOf(row.costNanoUsd),
          cell: (row) => <Money nano={row.costNanoUsd} />,
        },
      ]}
    />
  );
}

function Suppliers() {
  const view = useView();
  const { data, error, reload } = useRemote<Rows<SupplierRow>>(
    `/console/suppliers${queryOf(view.query)}`,
  );
  if (error && !data) return <Failure error={error} onAgain={reload} />;
  if (!data) return <Loading rows={8} />;
  // What it costs is what we owe it.
  const to = ({ id }: SupplierRow): string =>
    view.at('/ledger', { tab: 'postings', account: `payable:${id}` });
  return (
    <LocalTable
      caption={m.op_suppliers()}
      rows={data.rows}
      rowKey={(row) => row.id}
      rowHref={to}
      csvHref={`/api/console/suppliers${queryOf({ ...view.query, format: 'csv' })}`}
      columns={[
        {
          key: 'name',
          label: m.op_supplier(),
          sort: (row) => row.name,
          cell: (row) => <Link to={to(row)}>{row.name}</Link>,
        },
        { key: 'protocol', label: m.op_protocol(), isSecond: true, cell: (row) => row.protocol },
        {
          key: 'url',
          label: m.op_address(),
          isSecond: true,
          cell: (row) => (row.simulated ? m.op_address_here() : <code>{row.baseUrl}</code>),
        },
        {
          key: 'key',
          label: m.op_key(),
          cell: (row) =>
            row.simulated
              ? m.op_key_simulated()
              : !row.needsKey
                ? m.op_key_none_needed()
                : row.hasKey
                  ? m.op_key_stored()
                  : m.op_key_missing(),
        },
        {
          key: 'enabled',
          label: m.op_state(),
          isSecond: true,
          cell: (row) => (row.enabled ? m.op_in_use() : m.op_off()),
        },
        {
          key: 'requests',
          label: m.op_requests(),
          isFigure: true,
          sort: (row) => row.requests,
          cell: (row) => count(row.requests),
        },
        {
          key: 'cost',
          label: m.op_cost(),
          isFigure: true,
          sort: (row) => numberOf(row.costNanoUsd),
          cell: (row) => <Money nano={row.costNanoUsd} />,
        },
      ]}
    />
  );
}

const RATES = {
  input: m.op_rate_input,
  input_cached: m.op_rate_cached,
  output: m.op_rate_output,
} as const;
const PICO_A_NANO = 1_000;
const MILLION = 1_000_000;

/** US dollars for a million units, at the standard tier and the first step. */
function rateText(row: PriceRow, unit: string): string {
  const rate = row.rates.find(
    (each) =>
      each.unit === unit &&
      each.serviceTier === 'standard' &&
      each.aboveInputTokens === 0 &&
      each.dayWindow === 0,
  );
  return rate === undefined ? '' : usd((rate.picoUsd / PICO_A_NANO) * MILLION);
}

function Prices() {
  return (
    <>
      <ImportDiff />
      <Part title={m.op_price_history()} note={m.op_price_history_note()}>
        <RemoteTable<PriceRow>
          caption={m.op_price_history()}
          path="/console/prices"
          query={{}}
          rowKey={(row) => row.id}
          hasSearch
          empty={m.op_no_prices()}
          columns={[
            { key: 'model', label: m.op_model(), cell: (row) => row.model },
            { key: 'supplier', label: m.op_supplier(), cell: (row) => row.supplier },
            {
              key: 'effective',
              label: m.op_effective(),
              isShort: true,
              isSecond: true,
              cell: (row) => dateText(row.effectiveFromMs),
            },
            {
              key: 'state',
              label: m.op_state(),
              isSecond: true,
              isShort: true,
              cell: (row) =>
                row.withdrawnAtMs !== null
                  ? m.op_withdrawn()
                  : row.inForce
                    ? m.op_in_force()
                    : m.op_superseded(),
            },
            ...(['input', 'input_cached', 'output'] as const).map((unit) => ({
              key: unit,
              label: RATES[unit](),
              isFigure: true,
              isSecond: unit === 'input_cached',
              cell: (row: PriceRow) => rateText(row, unit),
            })),
            { key: 'source', label: m.op_source(), isSecond: true, cell: (row) => row.source },
          ]}
        />
      </Part>
    </>
  );
}

interface PriceDiff {
  readonly source: string;
  readonly added: readonly unknown[];
  readonly changed: readonly unknown[];
  readonly unchanged: number;
  readonly refused: readonly unknown[];
  /** A line of figures, a line for each price, and how to import them on the command line. */
  readonly text: string;
}

const linesOf = (text: string): string =>
  (text.split('\n\nTo import:')[0] ?? '').split('\n').slice(1).join('\n');

/** What the bundled table of prices would change, before it is imported. */
function ImportDiff() {
  const diff = useRemote<PriceDiff>('/prices/diff');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const apply = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('POST', '/prices/import');
      forgetAnswers();
      diff.reload();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Part title={m.op_import()} note={m.op_import_note()}>
      {diff.error ? (
        <Failure error={diff.error} onAgain={diff.reload} />
      ) : !diff.data ? (
        <Loading rows={3} />
      ) : (
        <>
          <details className="unfold">
            <summary>
              {m.op_import_counts({
                source: diff.data.source,
                added: count(diff.data.added.length),
                changed: count(diff.data.changed.length),
                unchanged: count(diff.data.unchanged),
                refused: count(diff.data.refused.length),
              })}
            </summary>
            <pre className="why" tabIndex={0}>
              {linesOf(diff.data.text)}
            </pre>
          </details>
          <FormProblem error={error} />
          {diff.data.added.length + diff.data.changed.length === 0 ? (
            <p className="soft">{m.op_import_nothing()}</p>
          ) : (
            <Button busy={isBusy} onClick={() => void apply()}>
              {m.op_import_do()}
            </Button>
          )}
        </>
      )}
    </Part>
  );
}
