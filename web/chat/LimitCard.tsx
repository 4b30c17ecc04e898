import { useEffect } from 'react';
import type { Choice, Meter } from '#chat/limits.ts';
import type { ErrorPart } from '#chat/part.ts';
import { m } from '../paraglide/messages.js';
import { problemText } from '../ui/problem-words.ts';
import { clockTime, countdown, money } from './figures.ts';
import { Icon } from './icons.tsx';
import { useLimits, useNow } from './limits-context.ts';
import { className, meterAmount, meterTitle } from './meter-words.ts';

const LIMITS = new Set(['gate_full', 'insufficient_funds', 'model_not_in_plan', 'no_subscription']);

/** Why there is no answer, and every way on. Never a dead end. */
export function LimitCard({
  error,
  hasText,
  onRetry,
  onContinue,
}: {
  readonly error: ErrorPart;
  /** Some of an answer had come before. */
  readonly hasText: boolean;
  readonly onRetry: (model?: string) => void;
  readonly onContinue: () => void;
}) {
  return LIMITS.has(error.code) ? (
    <Limit error={error} onRetry={onRetry} />
  ) : (
    <section className="limit-card" role="alert">
      <p>
        <Icon name="info" size={16} /> {errorText(error, hasText)}
      </p>
      <div className="row">
        {hasText && (
          <button type="button" className="button button-main" onClick={onContinue}>
            {m.chat_continue()}
          </button>
        )}
        <button
          type="button"
          className={hasText ? 'button' : 'button button-main'}
          onClick={() => onRetry()}
        >
          {m.chat_again()}
        </button>
        <code className="limit-code">{error.code}</code>
      </div>
    </section>
  );
}

function Limit({
  error,
  onRetry,
}: {
  readonly error: ErrorPart;
  readonly onRetry: (model?: string) => void;
}) {
  const { limits, refresh, modelName } = useLimits();
  const now = useNow();
  useEffect(refresh, [refresh]);
  const gate = typeof error.facts['gate'] === 'string' ? error.facts['gate'] : undefined;
  const meter = limits?.meters.find((each) => each.gate === gate);
  const resetAtMs = Number(error.facts['resetAtMs'] ?? meter?.resetAtMs ?? Number.NaN);
  const isOpen = Number.isFinite(resetAtMs) && resetAtMs <= now;
  const choices = (limits?.choices ?? []).filter(({ kind }) => kind !== 'wait');
  return (
    <section className="limit-card" aria-label={m.chat_limit()}>
      <h3>{titleText(error, meter)}</h3>
      {Number.isFinite(resetAtMs) && (
        <p className="limit-when tabular">
          {isOpen
            ? m.chat_limit_open()
            : m.chat_limit_opens({ time: clockTime(resetAtMs), left: countdown(resetAtMs, now) })}
        </p>
      )}
      <p className="hint">{m.chat_limit_kept()}</p>
      <ul className="ways">
        <li>
          <button
            type="button"
            className={isOpen ? 'way way-main' : 'way'}
            disabled={Number.isFinite(resetAtMs) && !isOpen}
            onClick={() => onRetry()}
          >
            <span>
              {isOpen || !Number.isFinite(resetAtMs) ? m.chat_way_again() : m.chat_way_wait()}
            </span>
            <span className="way-price tabular">
              {isOpen || !Number.isFinite(resetAtMs)
                ? priceText(limits?.plan.billing === 'metered')
                : countdown(resetAtMs, now)}
            </span>
          </button>
        </li>
        {choices.slice(0, 3).map((choice, at) => (
          <Way
            key={at}
            choice={choice}
            modelName={modelName}
            isMetered={limits?.plan.billing === 'metered'}
            onRetry={onRetry}
          />
        ))}
        {choices.length === 0 && (
          <li>
            <a className="way" href="/plans">
              <span>{m.chat_way_plans()}</span>
              <span className="way-price">→</span>
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

function Way({
  choice,
  modelName,
  isMetered,
  onRetry,
}: {
  readonly choice: Choice;
  readonly modelName: (name: string) => string;
  readonly isMetered: boolean;
  readonly onRetry: (model?: string) => void;
}) {
  if (choice.kind === 'class')
    return (
      <li>
        <button type="button" className="way way-main" onClick={() => onRetry(choice.model)}>
          <span>
            {m.chat_way_model({ model: modelName(choice.model), class: className(choice.class) })}
          </span>
          <span className="way-price">{priceText(isMetered)}</span>
        </button>
      </li>
    );
  if (choice.kind === 'plan')
    return (
      <li>
        <a className="way" href={`/plans?plan=${encodeURIComponent(choice.plan)}`}>
          <span>{m.chat_way_plan({ plan: choice.name })}</span>
          <span className="way-price tabular">
            {m.chat_per_month({ price: money(choice.priceNanoUsd) })}
          </span>
        </a>
      </li>
    );
  return null;
}

const priceText = (isMetered: boolean): string =>
  isMetered ? m.chat_way_metered() : m.chat_included();

function titleText(error: ErrorPart, meter: Meter | undefined): string {
  if (error.code === 'insufficient_funds') return m.chat_limit_funds();
  if (error.code === 'model_not_in_plan') return m.chat_limit_class();
  if (error.code === 'no_subscription') return m.chat_limit_subscription();
  if (!meter) return m.chat_limit_gate();
  return m.chat_limit_full({ gate: meterTitle(meter), amount: meterAmount(meter) });
}

function errorText(error: ErrorPart, hasText: boolean): string {
  switch (error.code) {
    case 'no_capacity':
      return m.chat_error_capacity();
    case 'store_unavailable':
    case 'shutting_down':
      return m.chat_error_store();
    case 'upstream_error':
    case 'upstream_timeout':
      return hasText ? m.chat_error_supplier() : m.chat_error_supplier_silent();
    default:
      return problemText(error);
  }
}
