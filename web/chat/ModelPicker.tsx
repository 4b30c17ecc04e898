import { useEffect, useId, useRef, useState } from 'react';
import type { ChatModel } from '#chat/chat-desk.ts';
import { m } from '../paraglide/messages.js';
import { Icon } from './icons.tsx';
import { className } from './meter-words.ts';

export interface Picked {
  readonly model: string;
  readonly effort?: string | undefined;
}

const EFFORTS = { low: m.chat_effort_low, medium: m.chat_effort_medium, high: m.chat_effort_high };

export function effortName(effort: string): string {
  return EFFORTS[effort as keyof typeof EFFORTS]?.() ?? effort;
}

/** Which model answers, and how long it may think. */
export function ModelPicker({
  models,
  picked,
  onPick,
}: {
  readonly models: readonly ChatModel[];
  readonly picked: Picked;
  readonly onPick: (picked: Picked) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector('button')?.focus();
  };
  const id = useId();
  const current = models.find(({ name }) => name === picked.model);
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', leave);
    root.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    return () => removeEventListener('pointerdown', leave);
  }, [isOpen]);
  // Where no model can answer the page says so; there is nothing to pick.
  if (models.length === 0) return null;
  const classes = [...new Set(models.map((model) => model.class))];
  return (
    <div
      className="picker"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          close();
        }
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          const items = [
            ...(root.current?.querySelectorAll<HTMLElement>('.menu [role]') ?? []),
          ].filter((item) => item.tabIndex >= 0);
          const at = items.indexOf(document.activeElement as HTMLElement);
          items[(at + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length]?.focus();
          event.preventDefault();
        }
      }}
    >
      <button
        type="button"
        className="quiet-button picker-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span>{current?.displayName ?? picked.model}</span>
        {picked.effort && <span className="picker-effort">{effortName(picked.effort)}</span>}
        <Icon name="open" size={14} />
      </button>
      {isOpen && (
        <div className="menu picker-menu" role="menu" id={id} aria-label={m.chat_model()}>
          {current && current.efforts.length > 0 && (
            <div className="efforts" role="group" aria-label={m.chat_effort()}>
              <span className="menu-label">{m.chat_effort()}</span>
              {current.efforts.map((effort) => (
                <button
                  key={effort}
                  type="button"
                  role="menuitemradio"
                  aria-checked={picked.effort === effort}
                  onClick={() =>
                    onPick({
                      model: picked.model,
                      effort: picked.effort === effort ? undefined : effort,
                    })
                  }
                >
                  {effortName(effort)}
                </button>
              ))}
            </div>
          )}
          {classes.map((name) => (
            <div key={name} role="group" aria-label={className(name)}>
              <span className="menu-label">{className(name)}</span>
              {models
                .filter((model) => model.class === name)
                .map((model) => (
                  <button
                    key={model.name}
                    type="button"
                    role="menuitemradio"
                    aria-checked={model.name === picked.model}
                    onClick={() => {
                      onPick({
                        model: model.name,
                        effort: model.efforts.includes(picked.effort ?? '')
                          ? picked.effort
                          : undefined,
                      });
                      close();
                    }}
                  >
                    <span>{model.displayName}</span>
                    {model.name === picked.model && <Icon name="check" size={16} />}
                  </button>
                ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
