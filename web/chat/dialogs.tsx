import { useEffect, useState } from 'react';
import type { ChatSettings } from '#chat/chat-settings.store.ts';
import type { Share } from '#chat/shares.store.ts';
import { m } from '../paraglide/messages.js';
import { getLocale, setLocale } from '../paraglide/runtime.js';
import { api } from './api.ts';
import { CopyButton } from './CopyButton.tsx';
import { Dialog } from './Dialog.tsx';
import { moment } from '../ui/figures.ts';
import { listed } from '../ui/words.ts';
import { money, share } from './figures.ts';
import { useLimits } from './limits-context.ts';
import { className, meterTitle, windowText } from './meter-words.ts';
import type { QuoteRange } from './quote-range.ts';
import { Icon } from './icons.tsx';

/** Custom instructions, when to ask before a dear request, pictures, language and appearance. */
export function SettingsDialog({
  settings,
  isMetered,
  onSaved,
  onClose,
}: {
  readonly settings: ChatSettings;
  /** Usage is charged, so that the question before a message is about money. */
  readonly isMetered: boolean;
  readonly onSaved: (settings: ChatSettings) => void;
  readonly onClose: () => void;
}) {
  const [value, setValue] = useState(settings);
  const [isFailed, setFailed] = useState(false);
  const set = (change: Partial<ChatSettings>): void => setValue({ ...value, ...change });
  return (
    <Dialog title={m.chat_settings()} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          api('POST', '/chat/settings', value).then(
            () => {
              onSaved(value);
              onClose();
            },
            () => setFailed(true),
          );
        }}
      >
        <label className="check">
          <input
            type="checkbox"
            checked={value.instructionsOn}
            onChange={(event) => set({ instructionsOn: event.target.checked })}
          />
          {m.chat_instructions_on()}
        </label>
        <label className="field">
          {m.chat_about()}
          <textarea
            rows={4}
            maxLength={4000}
            value={value.about}
            disabled={!value.instructionsOn}
            placeholder={m.chat_about_hint()}
            onChange={(event) => set({ about: event.target.value })}
          />
        </label>
        <label className="field">
          {m.chat_style()}
          <textarea
            rows={4}
            maxLength={4000}
            value={value.style}
            disabled={!value.instructionsOn}
            placeholder={m.chat_style_hint()}
            onChange={(event) => set({ style: event.target.value })}
          />
        </label>
        <label className="field">
          {isMetered ? m.chat_ask_above() : m.chat_ask_above_share()}
          {isMetered ? (
            <input
              type="number"
              className="tabular"
              min="0"
              max="1000"
              step="0.01"
              value={value.askAboveNanoUsd / 1e9}
              onChange={(event) =>
                set({ askAboveNanoUsd: Math.round(Number(event.target.value) * 1e9) })
              }
            />
          ) : (
            <input
              type="number"
              className="tabular"
              min="0"
              max="100"
              step="0.1"
              value={value.askAbovePerMille / 10}
              onChange={(event) =>
                set({ askAbovePerMille: Math.round(Number(event.target.value) * 10) })
              }
            />
          )}
          <span className="hint">{m.chat_ask_above_hint()}</span>
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={value.remoteImages}
            onChange={(event) => set({ remoteImages: event.target.checked })}
          />
          <span>
            {m.chat_remote_images()} <span className="hint">{m.chat_remote_images_hint()}</span>
          </span>
        </label>
        <div className="field-row">
          <label className="field">
            {m.chat_language()}
            <select
              value={getLocale()}
              onChange={(event) => void setLocale(event.target.value as 'en' | 'zh-CN')}
            >
              <option value="en">English</option>
              <option value="zh-CN">简体中文</option>
            </select>
          </label>
          <label className="field">
            {m.chat_appearance()}
            <select
              defaultValue={localStorage.getItem('theme') ?? 'system'}
              onChange={(event) => chooseTheme(event.target.value)}
            >
              <option value="system">{m.chat_appearance_system()}</option>
              <option value="light">{m.chat_appearance_light()}</option>
              <option value="dark">{m.chat_appearance_dark()}</option>
            </select>
          </label>
        </div>
        {isFailed && (
          <p className="composer-error" role="alert">
            <Icon name="info" size={15} /> {m.chat_error_offline()}
          </p>
        )}
        <div className="row-end">
          <button type="button" className="button" onClick={onClose}>
            {m.chat_cancel()}
          </button>
          <button type="submit" className="button button-main">
            {m.chat_save()}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function chooseTheme(theme: string): void {
  if (theme === 'light' || theme === 'dark') {
    localStorage.setItem('theme', theme);
    document.documentElement.dataset['theme'] = theme;
  } else {
    localStorage.removeItem('theme');
    delete document.documentElement.dataset['theme'];
  }
}

/** Links to a conversation: made, copied, revoked. */
export function ShareDialog({
  conversation,
  onClose,
}: {
  readonly conversation: string;
  readonly onClose: () => void;
}) {
  const [shares, setShares] = useState<readonly Share[]>([]);
  const [made, setMade] = useState<{ readonly id: string; readonly token: string }>();
  const path = `/chat/conversations/${conversation}/shares`;
  const load = (): void => {
    api<{ shares: readonly Share[] }>('GET', path)
      .then((found) => setShares(found.shares))
      .catch(() => undefined);
  };
  useEffect(load, [path]);
  const url = made && `${location.origin}/share/${made.token}`;
  return (
    <Dialog title={m.chat_share()} onClose={onClose}>
      <p>{m.chat_share_about()}</p>
      {url ? (
        <div className="share-link">
          <input
            readOnly
            value={url}
            aria-label={m.chat_share_link()}
            onFocus={(event) => event.target.select()}
          />
          <CopyButton isNamed text={() => url} label={m.chat_copy()} />
        </div>
      ) : (
        <button
          type="button"
          className="button button-main"
          onClick={() =>
            void api<{ id: string; token: string }>('POST', path).then((share) => {
              setMade(share);
              load();
            })
          }
        >
          {m.chat_share_make()}
        </button>
      )}
      {url && <p className="hint">{m.chat_share_once()}</p>}
      {shares.length > 0 && (
        <ul className="share-list">
          {shares.map((share) => (
            <li key={share.id}>
              <span>{m.chat_share_made({ at: moment(share.createdAtMs) })}</span>
              <button
                type="button"
                className="button"
                onClick={() =>
                  void api('DELETE', `/chat/shares/${share.id}`).then(() => {
                    if (made?.id === share.id) setMade(undefined);
                    load();
                  })
                }
              >
                {m.chat_share_revoke()}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** A name for a conversation. */
export function RenameDialog({
  title,
  onRename,
  onClose,
}: {
  readonly title: string;
  readonly onRename: (title: string) => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={m.chat_rename()} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const next = (new FormData(event.currentTarget).get('title') as string).trim();
          if (next !== '') onRename(next);
          onClose();
        }}
      >
        <label className="field">
          {m.chat_name()}
          <input
            name="title"
            defaultValue={title}
            maxLength={200}
            data-first
            required
            onFocus={(event) => event.target.select()}
          />
        </label>
        <div className="row-end">
          <button type="button" className="button" onClick={onClose}>
            {m.chat_cancel()}
          </button>
          <button type="submit" className="button button-main">
            {m.chat_save()}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({
  onDelete,
  onClose,
}: {
  readonly onDelete: () => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={m.chat_delete_title()} onClose={onClose}>
      <p>{m.chat_delete_about()}</p>
      <div className="row-end">
        <button type="button" className="button" onClick={onClose}>
          {m.chat_cancel()}
        </button>
        <button
          type="button"
          className="button button-main"
          onClick={() => {
            onDelete();
            onClose();
          }}
        >
          {m.chat_delete()}
        </button>
      </div>
    </Dialog>
  );
}

/** Asked before a request that may be charged more than the customer's threshold, or takes much of a limit. */
export function QuoteDialog({
  range,
  isMetered,
  settings,
  onAnswer,
}: {
  readonly range: QuoteRange;
  readonly isMetered: boolean;
  readonly settings: ChatSettings;
  readonly onAnswer: (isYes: boolean) => void;
}) {
  return (
    <Dialog
      title={isMetered ? m.chat_quote_title() : m.chat_quote_title_share()}
      onClose={() => onAnswer(false)}
    >
      {isMetered ? (
        <>
          <p className="quote-range tabular">
            {m.chat_quote_range({ min: money(range.minNanoUsd), max: money(range.maxNanoUsd) })}
          </p>
          <p>{m.chat_quote_expected({ expected: money(range.expectedNanoUsd) })}</p>
          <p className="hint">{m.chat_quote_why({ threshold: money(settings.askAboveNanoUsd) })}</p>
        </>
      ) : (
        <Shares range={range} askAbovePerMille={settings.askAbovePerMille} />
      )}
      <div className="row-end">
        <button type="button" className="button" onClick={() => onAnswer(false)}>
          {m.chat_cancel()}
        </button>
        <button
          type="button"
          className="button button-main"
          data-first
          onClick={() => onAnswer(true)}
        >
          {m.chat_quote_yes()}
        </button>
      </div>
    </Dialog>
  );
}

const SHARES_SHOWN = 3;

/** On a plan that includes it: the limits of which it takes most. */
function Shares({
  range,
  askAbovePerMille,
}: {
  readonly range: QuoteRange;
  readonly askAbovePerMille: number;
}) {
  const { limits } = useLimits();
  const taken = range.shares.filter(({ expectedPerMille }) => expectedPerMille > 0);
  const nameOf = ({ gate, classes, window }: QuoteRange['shares'][number]): string => {
    const meter = limits?.meters.find((each) => each.gate === gate);
    if (meter) return meterTitle(meter);
    return [listed(classes.map(className)), windowText(window)].filter(Boolean).join(' · ');
  };
  return (
    <>
      <ul className="quote-shares tabular">
        {taken.slice(0, SHARES_SHOWN).map((part) => (
          <li key={part.gate}>
            <span>{nameOf(part)}</span>
            <span>
              {m.chat_quote_share({
                expected: share(part.expectedPerMille),
                left: share(part.leftPerMille),
              })}
            </span>
          </li>
        ))}
      </ul>
      <p className="hint">{m.chat_quote_why_share({ share: share(askAbovePerMille) })}</p>
    </>
  );
}

const SHORTCUTS = [
  ['Ctrl+Shift+O', m.chat_new],
  ['Ctrl+K', m.chat_search],
  ['Shift+Esc', m.chat_shortcut_composer],
  ['Esc', m.chat_stop],
  ['Enter', m.chat_send],
  ['Shift+Enter', m.chat_shortcut_line],
  ['Ctrl+Shift+C', m.chat_shortcut_copy],
  ['Ctrl+Shift+S', m.chat_shortcut_sidebar],
  ['Ctrl+/', m.chat_shortcuts],
] as const;

export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <Dialog title={m.chat_shortcuts()} onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, label]) => (
          <div key={keys}>
            <dt>{label()}</dt>
            <dd>
              {keys.split('+').map((key) => (
                <kbd key={key}>{isMac && key === 'Ctrl' ? '⌘' : key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
