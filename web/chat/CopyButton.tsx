import { useEffect, useState } from 'react';
import { m } from '../paraglide/messages.js';
import { Icon } from './icons.tsx';

/** Copies a text, and says for a moment that it did. */
export function CopyButton({
  text,
  label,
  isNamed = false,
}: {
  readonly text: () => string;
  readonly label: string;
  /** Says in words what it does, where copying is what comes next. */
  readonly isNamed?: boolean;
}) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <button
      type="button"
      className={isNamed ? 'button copy-button' : 'quiet-button'}
      aria-label={isCopied ? m.chat_copied() : label}
      title={label}
      onClick={() => void copy(text()).then(() => setCopied(true))}
    >
      <Icon name={isCopied ? 'check' : 'copy'} size={16} />
      {isNamed && (isCopied ? m.chat_copied() : label)}
    </button>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the right to the clipboard, as on plain HTTP, the old way still works.
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
