import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { goTo, usePlace } from './place.ts';
import { queryOf } from './remote.ts';

export interface Tab {
  readonly key: string;
  readonly label: string;
  readonly content: () => ReactNode;
}

/** Parts of a page of which one is in sight; which one stands in the address. */
export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const { path, query } = usePlace();
  const asked = query.get('tab');
  const chosen = tabs.find(({ key }) => key === asked) ?? tabs[0];
  const choose = (key: string): void =>
    goTo(`${path}${queryOf({ ...Object.fromEntries(query), tab: key })}`, 'replace');
  const list = useRef<HTMLDivElement>(null);
  // The chosen one is in sight even where they are wider than their room; the page itself does not move.
  useLayoutEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!list.current || !tab) return;
    const room = list.current.getBoundingClientRect();
    const { left, right } = tab.getBoundingClientRect();
    if (left < room.left || right > room.right)
      list.current.scrollLeft += (left + right - room.left - room.right) / 2;
  }, [chosen?.key]);
  return (
    <div className="tabs-block">
      <div className="tabs" role="tablist" aria-label={label} ref={list}>
        {tabs.map((tab, index) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`tab-${tab.key}`}
            aria-selected={tab === chosen}
            aria-controls="tab-panel"
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => choose(tab.key)}
            onKeyDown={(event) => {
              const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (by === undefined) return;
              event.preventDefault();
              const next = tabs[(index + by + tabs.length) % tabs.length];
              if (!next) return;
              choose(next.key);
              document.getElementById(`tab-${next.key}`)?.focus();
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        className="tab-panel"
        role="tabpanel"
        id="tab-panel"
        aria-labelledby={`tab-${chosen?.key}`}
        key={chosen?.key}
      >
        {chosen?.content()}
      </div>
    </div>
  );
}
