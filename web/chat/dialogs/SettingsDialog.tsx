import { useState } from 'react';
import type { ChatSettings } from '#chat/chat-settings.store.ts';
import { m } from '../../paraglide/messages.js';
import {
  changeLanguage,
  changeTheme,
  type Language,
  language,
  type Theme,
  theme,
} from '../../ui/preferences.ts';
import { api } from '../api.ts';
import { chatProblem } from '../chat-problem.ts';
import { Dialog } from '../Dialog.tsx';
import { ProblemLine } from '../ProblemLine.tsx';

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
  const [problem, setProblem] = useState<string>();
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
            async (error: unknown) => setProblem(await chatProblem(error)),
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
              value={language()}
              onChange={(event) => changeLanguage(event.target.value as Language)}
            >
              <option value="en">English</option>
              <option value="zh-CN">简体中文</option>
            </select>
          </label>
          <label className="field">
            {m.chat_appearance()}
            <select
              defaultValue={theme()}
              onChange={(event) => changeTheme(event.target.value as Theme)}
            >
              <option value="system">{m.chat_appearance_system()}</option>
              <option value="light">{m.chat_appearance_light()}</option>
              <option value="dark">{m.chat_appearance_dark()}</option>
            </select>
          </label>
        </div>
        <ProblemLine text={problem} />
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
