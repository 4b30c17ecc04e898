import { memo, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Message, MessageOutline } from '#chat/conversation.ts';
import type { Part, Source } from '#chat/part.ts';
import { m } from '../paraglide/messages.js';
import { AnswerLine } from './AnswerLine.tsx';
import { CopyButton } from './CopyButton.tsx';
import { Feedback } from './Feedback.tsx';
import { Icon } from './icons.tsx';
import { LimitCard } from './LimitCard.tsx';
import { useLimits } from './limits-context.ts';
import type { LiveAnswer, LiveState } from './live-answer.ts';
import type { MessageActions } from './message-actions.ts';
import { textOf, textsOf, thoughtsOf } from './message-text.ts';
import { meterTitle } from './meter-words.ts';
import { Markdown } from './markdown/Markdown.tsx';
import { Cited, Sources } from './Sources.tsx';
import { useGrowth } from './use-growth.ts';

interface MessageViewProps {
  readonly outline: MessageOutline;
  readonly message: Message | undefined;
  readonly live: LiveAnswer | undefined;
  readonly isLast: boolean;
  readonly actions: MessageActions;
}

export const MessageView = memo(function MessageView(props: MessageViewProps) {
  const { outline, message } = props;
  if (!message) return <article className="message message-unread" aria-busy="true" />;
  return outline.role === 'user' ? (
    <Question {...props} message={message} />
  ) : (
    <Answer {...props} message={message} />
  );
});

function Question({ message, outline, actions }: MessageViewProps & { readonly message: Message }) {
  const [isEditing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const [hasCancelled, setCancelled] = useState(false);
  useEffect(() => {
    if (hasCancelled && !isEditing) editButton.current?.focus();
  }, [hasCancelled, isEditing]);
  const text = textOf(message.parts);
  const files = message.parts.filter(({ type }) => type === 'image' || type === 'file');
  return (
    <article className="message question" aria-label={m.chat_you()}>
      {files.length > 0 && (
        <div className="question-files">
          {files.map((part) => (
            <FileView key={'attachment' in part ? part.attachment : ''} part={part} />
          ))}
        </div>
      )}
      {isEditing ? (
        <EditForm
          text={text}
          onCancel={() => {
            setEditing(false);
            setCancelled(true);
          }}
          onSend={(next) => {
            setEditing(false);
            actions.edit(message.id, next);
          }}
        />
      ) : (
        text !== '' && <div className="question-text">{text}</div>
      )}
      {!isEditing && (
        <div className="message-tools">
          <Branches outline={outline} show={actions.show} />
          <CopyButton text={() => text} label={m.chat_copy()} />
          <button
            ref={editButton}
            type="button"
            className="quiet-button"
            aria-label={m.chat_edit()}
            title={m.chat_edit()}
            onClick={() => {
              setCancelled(false);
              setEditing(true);
            }}
          >
            <Icon name="edit" size={16} />
          </button>
        </div>
      )}
    </article>
  );
}

function FileView({ part }: { readonly part: Part }) {
  if (part.type === 'image')
    return (
      <a href={`/api/chat/attachments/${part.attachment}`} target="_blank" rel="noreferrer">
        <img
          className="question-image"
          src={`/api/chat/attachments/${part.attachment}`}
          alt={part.name}
        />
      </a>
    );
  if (part.type !== 'file') return null;
  return (
    <a
      className="file-chip"
      href={`/api/chat/attachments/${part.attachment}`}
      target="_blank"
      rel="noreferrer"
    >
      <Icon name="clip" size={15} />
      <span>{part.name}</span>
    </a>
  );
}

function EditForm({
  text,
  onCancel,
  onSend,
}: {
  readonly text: string;
  readonly onCancel: () => void;
  readonly onSend: (text: string) => void;
}) {
  const [value, setValue] = useState(text);
  return (
    <form
      className="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (value.trim() !== '') onSend(value);
      }}
    >
      <textarea
        autoFocus
        aria-label={m.chat_edit()}
        value={value}
        rows={Math.min(12, value.split('\n').length + 1)}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel();
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) onSend(value);
        }}
      />
      <p className="hint">{m.chat_edit_hint()}</p>
      <div className="row-end">
        <button type="button" className="button" onClick={onCancel}>
          {m.chat_cancel()}
        </button>
        <button type="submit" className="button button-main" disabled={value.trim() === ''}>
          {m.chat_send()}
        </button>
      </div>
    </form>
  );
}

const NEVER = (): (() => void) => () => undefined;
const NOTHING = (): undefined => undefined;

function Answer({
  message,
  outline,
  live,
  isLast,
  actions,
}: MessageViewProps & { readonly message: Message }) {
  const state: LiveState | undefined = useSyncExternalStore(
    live?.subscribe ?? NEVER,
    live?.state ?? NOTHING,
  );
  const isRunning = state !== undefined && state.phase !== 'ended';
  const parts = state?.parts ?? message.parts;
  const error = parts.find((part) => part.type === 'error');
  const hasText = parts.some((part) => part.type === 'text' && part.text !== '');
  const sources = useMemo(() => parts.filter((part) => part.type === 'source'), [parts]);
  const taking = message.takings.at(-1);
  const model = taking?.model ?? state?.model;
  const fallbackGate = isRunning ? state.fallbackGate : taking?.fallbackGate;
  return (
    <article
      className="message answer"
      aria-label={m.chat_answer()}
      aria-busy={isRunning}
      data-status={isRunning ? 'running' : message.status}
    >
      {model && fallbackGate && (
        <FallbackNote model={actions.modelName(model)} gate={fallbackGate} />
      )}
      <Reasoning
        parts={parts}
        live={hasText ? undefined : live}
        isRunning={isRunning && !hasText}
      />
      <SearchLine parts={parts} />
      {hasText && (
        <Cited parts={parts} sources={isRunning ? NO_SOURCES : sources}>
          <AnswerText parts={parts} live={live} loadImages={actions.loadImages} />
        </Cited>
      )}
      {isRunning && !hasText && <Waiting isLost={state.phase === 'lost'} />}
      {isRunning && hasText && state.phase === 'lost' && (
        <p className="note" role="status">
          {m.chat_lost()}
        </p>
      )}
      {sources.length > 0 && !isRunning && <Sources sources={sources} />}
      {!isRunning && error && (
        <LimitCard
          error={error}
          hasText={hasText}
          onRetry={(name) => actions.regenerate(message.id, name)}
          onContinue={() => actions.continue(message.id)}
        />
      )}
      {!isRunning && (
        <Unfinished
          status={message.status}
          hasError={error !== undefined}
          onContinue={() => actions.continue(message.id)}
        />
      )}
      {!isRunning && (
        <footer className="answer-foot">
          <AnswerLine takings={message.takings} modelName={actions.modelName} />
          <div className={isLast ? 'message-tools message-tools-shown' : 'message-tools'}>
            <Branches outline={outline} show={actions.show} />
            {hasText && <CopyButton text={() => textOf(parts)} label={m.chat_copy()} />}
            {/* Why there is no answer says itself how to ask again. */}
            {!error && (
              <button
                type="button"
                className="quiet-button"
                aria-label={m.chat_again()}
                title={m.chat_again()}
                onClick={() => actions.regenerate(message.id)}
              >
                <Icon name="again" size={16} />
              </button>
            )}
            {hasText && (
              <Feedback
                rating={message.feedback}
                onRate={(rating, reason, comment) =>
                  actions.rate(message.id, rating, reason, comment)
                }
              />
            )}
          </div>
        </footer>
      )}
      {isRunning && model && <span className="visually-hidden">{actions.modelName(model)}</span>}
    </article>
  );
}

/** Why another model answers than was asked for; it stays with the answer. */
function FallbackNote({ model, gate }: { readonly model: string; readonly gate: string }) {
  const { limits } = useLimits();
  const meter = limits?.meters.find((each) => each.gate === gate);
  return (
    <p className="note">
      <Icon name="info" size={15} />{' '}
      {meter
        ? m.chat_fallback({ model, limit: meterTitle(meter) })
        : m.chat_fallback_plain({ model })}
    </p>
  );
}

function Waiting({ isLost }: { readonly isLost: boolean }) {
  return (
    <p className="waiting" role="status">
      <span className="waterline" aria-hidden="true" />
      {isLost ? m.chat_lost() : <span className="visually-hidden">{m.chat_thinking()}</span>}
    </p>
  );
}

/** The text of an answer. What comes of it draws this and nothing around it. */
function AnswerText({
  parts,
  live,
  loadImages,
}: {
  readonly parts: readonly Part[];
  readonly live: LiveAnswer | undefined;
  readonly loadImages: boolean;
}) {
  const grown = useGrowth(live) ?? parts;
  return <Markdown texts={textsOf(grown)} isGrowing={live !== undefined} loadImages={loadImages} />;
}

function Reasoning({
  parts,
  live,
  isRunning,
}: {
  readonly parts: readonly Part[];
  /** While it thinks. */
  readonly live: LiveAnswer | undefined;
  readonly isRunning: boolean;
}) {
  const thoughts = thoughtsOf(useGrowth(live) ?? parts);
  if (thoughts.every((text) => text.trim() === '')) return null;
  return (
    <details className="reasoning">
      <summary>{isRunning ? m.chat_reasoning_now() : m.chat_reasoning()}</summary>
      <div className="reasoning-text">{trimmed(thoughts)}</div>
    </details>
  );
}

function trimmed(texts: readonly string[]): readonly string[] {
  return texts.map((text, at) => {
    const begun = at === 0 ? text.trimStart() : text;
    return at === texts.length - 1 ? begun.trimEnd() : begun;
  });
}

function SearchLine({ parts }: { readonly parts: readonly Part[] }) {
  const search = parts.find((part) => part.type === 'search');
  if (!search) return null;
  return (
    <p className="note">
      <Icon name="globe" size={15} />{' '}
      {search.results === 0
        ? m.chat_search_none({ query: search.query })
        : m.chat_searched({ query: search.query, results: search.results })}
    </p>
  );
}

const NO_SOURCES: readonly Source[] = [];

function Unfinished({
  status,
  hasError,
  onContinue,
}: {
  readonly status: Message['status'];
  readonly hasError: boolean;
  readonly onContinue: () => void;
}) {
  if (hasError || status === 'complete' || status === 'running' || status === 'failed') return null;
  const words = {
    stopped: m.chat_stopped,
    interrupted: m.chat_interrupted,
    cut: m.chat_cut,
  }[status];
  return (
    <p className="note unfinished">
      <span>{words()}</span>
      <button type="button" className="button" onClick={onContinue}>
        {m.chat_continue()}
      </button>
    </p>
  );
}

function Branches({
  outline,
  show,
}: {
  readonly outline: MessageOutline;
  readonly show: (id: string) => void;
}) {
  const { siblings, id } = outline;
  if (siblings.length < 2) return null;
  const at = siblings.indexOf(id);
  const before = siblings[at - 1];
  const after = siblings[at + 1];
  return (
    <span className="branches" role="group" aria-label={m.chat_branches()}>
      <button
        type="button"
        className="quiet-button"
        aria-label={m.chat_branch_before()}
        disabled={!before}
        onClick={() => before && show(before)}
      >
        <Icon name="left" size={15} />
      </button>
      <span className="tabular">
        {at + 1}/{siblings.length}
      </span>
      <button
        type="button"
        className="quiet-button"
        aria-label={m.chat_branch_after()}
        disabled={!after}
        onClick={() => after && show(after)}
      >
        <Icon name="right" size={15} />
      </button>
    </span>
  );
}
