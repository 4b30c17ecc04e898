import { useState } from 'react';
import type { Meter } from '#chat/limits.ts';
import { m } from '../paraglide/messages.js';
import { clockTime, money } from './figures.ts';
import { Icon } from './icons.tsx';
import { sentences } from '../ui/words.ts';
import { useLimits } from './limits-context.ts';
import { fill, meterAmount, meterReset, meterTitle } from './meter-words.ts';

const WARN_FROM = 0.8;

/** Every gate's fill and reset; small until it is opened. */
export function Meters() {
  const { limits, refresh } = useLimits();
  if (!limits) return <div className="meters" />;
  const nearest = limits.meters.toSorted((a, b) => fill(b) - fill(a))[0];
  return (
    <details className="meters" onToggle={(event) => event.currentTarget.open && refresh()}>
      <summary>
        <span className="meters-plan">{limits.plan.name}</span>
        {nearest && (
          <span className="meters-near tabular">
            <Bar meter={nearest} />
            {meterAmount(nearest)}
          </span>
        )}
      </summary>
      <ul>
        {limits.meters.map((meter) => (
          <li key={meter.gate}>
            <div className="meter-head">
              <span>{meterTitle(meter)}</span>
              <span className="tabular">{meterAmount(meter)}</span>
            </div>
            <Bar meter={meter} />
            <p className="hint tabular">{meterReset(meter)}</p>
          </li>
        ))}
        {(limits.plan.billing === 'metered' || limits.remainingNanoUsd > 0) && (
          <li>
            <div className="meter-head">
              <span>{m.chat_credits()}</span>
              <span className="tabular">{money(limits.remainingNanoUsd)}</span>
            </div>
          </li>
        )}
      </ul>
    </details>
  );
}

function Bar({ meter }: { readonly meter: Meter }) {
  const filled = fill(meter);
  return (
    <span
      className="bar"
      role="meter"
      aria-label={meterTitle(meter)}
      aria-valuenow={Math.round(filled * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span style={{ width: `${filled * 100}%` }} />
    </span>
  );
}

/** One warning for each filling of a gate, between answers, that says when it will be full. */
export function Warning({ isAnswering }: { readonly isAnswering: boolean }) {
  const { limits } = useLimits();
  const [dismissed, setDismissed] = useState(readDismissed);
  if (isAnswering || !limits) return null;
  const meter = limits.meters.find(
    (each) => fill(each) >= WARN_FROM && fill(each) < 1 && !dismissed.includes(keyOf(each)),
  );
  if (!meter) return null;
  return (
    <div className="warning" role="status">
      <span>
        {sentences([
          m.chat_warning({ gate: meterTitle(meter), amount: meterAmount(meter) }),
          meter.fullAtMs
            ? m.chat_warning_full({ time: clockTime(meter.fullAtMs) })
            : m.chat_warning_lasts({ time: clockTime(meter.resetAtMs) }),
        ])}
      </span>
      <button
        type="button"
        className="quiet-button"
        aria-label={m.chat_close()}
        onClick={() => {
          const next = [...dismissed, keyOf(meter)].slice(-20);
          localStorage.setItem(STORED, JSON.stringify(next));
          setDismissed(next);
        }}
      >
        <Icon name="close" size={15} />
      </button>
    </div>
  );
}

const STORED = 'chat.warned';

/** A rolling window moves with each message; a day of it is one filling. */
function keyOf({ gate, resetAtMs, window }: Meter): string {
  const grain = window.kind === 'rolling' ? 86_400_000 : 60_000;
  return `${gate}@${Math.floor(resetAtMs / grain)}`;
}

function readDismissed(): readonly string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]');
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}
