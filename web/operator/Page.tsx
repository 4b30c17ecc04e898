import type { ReactNode } from 'react';
import type { Period } from '../../src/http/shapes/wire.ts';
import { m } from '../paraglide/messages.js';
import { daysBetween, daysText } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { PeriodPicker } from './PeriodPicker.tsx';

/** A page of the console: where it stands, its name on the line, its days, its sentence. */
export function Page({
  title,
  trail = [],
  sentence,
  period,
  hasPeriod = true,
  actions,
  children,
}: {
  readonly title: string;
  readonly trail?: readonly { readonly to: string; readonly label: string }[];
  readonly sentence?: ReactNode;
  readonly period?: Period | undefined;
  readonly hasPeriod?: boolean;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <main className="page" id="page">
      <title>{`${title} · Breakeven`}</title>
      <header className="page-head">
        <div>
          {trail.length > 0 && (
            <nav className="trail" aria-label={m.op_trail()}>
              {trail.map(({ to, label }) => (
                <Link key={to} to={to}>
                  {label}
                </Link>
              ))}
            </nav>
          )}
          <h1>{title}</h1>
        </div>
        <div className="page-tools">
          {actions}
          {hasPeriod && <PeriodPicker />}
        </div>
      </header>
      {sentence && <p className="page-sentence">{sentence}</p>}
      {children}
      {period && (
        <p className="page-foot">
          {m.op_compared({
            days: daysText(period.fromDay, period.toDay),
            count: daysBetween(period.fromDay, period.toDay),
            before: daysText(period.beforeFromDay, period.beforeToDay),
          })}
        </p>
      )}
    </main>
  );
}

/** A part of a page under its own name. */
export function Part({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="part">
      <header>
        <h2>{title}</h2>
        {note && <p>{note}</p>}
      </header>
      {children}
    </section>
  );
}
