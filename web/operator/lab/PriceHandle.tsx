import { useState } from 'react';
import type { PlanDetail } from '../../../src/http/shapes/plans.ts';
import { m } from '../../paraglide/messages.js';
import { numberOf } from '../../ui/figures.ts';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { PriceChart } from './PriceChart.tsx';

/**
 * The price as a handle before anything was asked: everybody pays it and uses as much as before. Who
 * would leave, a replay says.
 */
export function PriceHandle({ plan }: { readonly plan: string }) {
  const view = useView();
  const { data } = useRemote<PlanDetail>(
    `/console/plans/${encodeURIComponent(plan)}${queryOf(view.query)}`,
  );
  if (!data || data.curve.marginNanoUsd.length === 0) return null;
  return numberOf(data.line.priceNanoUsd) === 0 ? null : <Handle key={plan} data={data} />;
}

function Handle({ data }: { readonly data: PlanDetail }) {
  const price = numberOf(data.line.priceNanoUsd);
  const [asked, ask] = useState(price);
  const { revenueNanoUsd, marginNanoUsd } = data.curve;
  const nobody = marginNanoUsd.map(() => 0);
  const side = {
    subscription: revenueNanoUsd,
    bill: revenueNanoUsd,
    margin: marginNanoUsd,
    limited: nobody,
    leaves: nobody,
  };
  return (
    <Part title={m.lab_handle({ plan: data.line.displayName })} note={m.lab_handle_note()}>
      <PriceChart
        scenario={{ weights: nobody.map(() => 1), today: side, side, priceNanoUsd: price }}
        todayNanoUsd={price}
        askedNanoUsd={asked}
        onAsk={ask}
      />
    </Part>
  );
}
