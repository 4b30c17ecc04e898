import type { ReactNode } from 'react';
import { m } from '../paraglide/messages.js';
import { changeLanguage, language } from '../ui/preferences.ts';
import { Wordmark } from '../ui/parts.tsx';

/** A quiet page with one thing to do, above the line that runs through the house. */
export function EntryFrame({
  title,
  lead,
  step,
  children,
}: {
  readonly title: string;
  readonly lead?: ReactNode;
  /** `2 of 4`, as marks on the line. */
  readonly step?: { readonly at: number; readonly of: number };
  readonly children: ReactNode;
}) {
  const other = language() === 'en' ? 'zh-CN' : 'en';
  return (
    <div className="door">
      <header>
        <Wordmark />
        <button
          type="button"
          className="quiet-button"
          lang={other}
          onClick={() => changeLanguage(other)}
        >
          {other === 'en' ? 'English' : '简体中文'}
        </button>
      </header>
      <main>
        {step && (
          <ol className="door-steps" aria-label={m.entry_step({ at: step.at, of: step.of })}>
            {Array.from({ length: step.of }, (_, index) => (
              <li key={index} aria-current={index + 1 === step.at ? 'step' : undefined} />
            ))}
          </ol>
        )}
        <h1>{title}</h1>
        {lead && <p className="lead">{lead}</p>}
        {children}
      </main>
    </div>
  );
}
