import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type Ref } from 'react';
import type { ChatModel } from '#chat/chat-desk.ts';
import type { Part } from '#chat/part.ts';
import { m } from '../paraglide/messages.js';
import { api, type ApiError } from './api.ts';
import { chatProblem } from './chat-problem.ts';
import { count } from './figures.ts';
import { writtenBefore } from './first-composer.ts';
import { Icon } from './icons.tsx';
import { ModelPicker, type Picked } from './ModelPicker.tsx';
import { ProblemLine } from './ProblemLine.tsx';

export interface ComposerHandle {
  focus(): void;
}

export interface Composed {
  readonly text: string;
  readonly attachments: readonly Part[];
  readonly search: boolean;
}

interface ComposerProps {
  readonly ref?: Ref<ComposerHandle>;
  readonly models: readonly ChatModel[];
  readonly picked: Picked;
  readonly onPick: (picked: Picked) => void;
  readonly hasWebSearch: boolean;
  readonly bytesMax: number;
  readonly isAnswering: boolean;
  /** Resolves to false where the draft is to stay. */
  readonly onSend: (composed: Composed) => Promise<boolean>;
  readonly onStop: () => void;
  /** What a draft is remembered under. */
  readonly draftKey: string;
}

interface Pending {
  readonly key: number;
  readonly name: string;
  readonly part?: Part;
  readonly error?: string;
}

let keys = 0;

/** Where a question is written. The only heavy thing on the page. */
export function Composer(props: ComposerProps) {
  const { models, picked, onPick, hasWebSearch, bytesMax, isAnswering, onStop, draftKey } = props;
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(() => sessionStorage.getItem(draftKey) ?? '');
  const [files, setFiles] = useState<readonly Pending[]>([]);
  const [search, setSearch] = useState(false);
  const [isSending, setSending] = useState(false);
  /** Enter was pressed while a file was on its way. */
  const [isQueued, setQueued] = useState(false);
  const [error, setError] = useState<string>();
  const [isDragging, setDragging] = useState(false);
  useImperativeHandle(props.ref, () => ({ focus: () => area.current?.focus() }), []);

  useLayoutEffect(() => {
    const written = writtenBefore();
    // At once, so that the next key finds its place too.
    area.current?.focus({ preventScroll: true });
    if (written === '') return;
    const whole = (sessionStorage.getItem(draftKey) ?? '') + written;
    sessionStorage.setItem(draftKey, whole);
    setText(whole);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the application begins
  }, []);
  useEffect(() => {
    setText(sessionStorage.getItem(draftKey) ?? '');
    setQueued(false);
    area.current?.focus({ preventScroll: true });
  }, [draftKey]);
  useEffect(() => {
    const timer = setTimeout(() => sessionStorage.setItem(draftKey, text), 300);
    return () => clearTimeout(timer);
  }, [draftKey, text]);
  useLayoutEffect(() => {
    const node = area.current;
    // Browsers that size a field by its content need no help.
    if (!node || CSS.supports('field-sizing', 'content')) return;
    node.style.height = 'auto';
    node.style.height = `${Math.min(node.scrollHeight, 320)}px`;
  }, [text]);

  const attach = (list: Iterable<File>): void => {
    for (const file of list) {
      const key = ++keys;
      setFiles((before) => [...before, { key, name: file.name }]);
      void upload(file, bytesMax).then((result) =>
        setFiles((before) =>
          before.map((each) => (each.key === key ? { ...each, ...result } : each)),
        ),
      );
    }
  };
  const isUploading = files.some(({ part, error: failed }) => !part && !failed);
  const attachments = files.flatMap(({ part }) => part ?? []);
  const hasFailed = files.some(({ error: failed }) => failed !== undefined);
  const canSend =
    !isSending && !isAnswering && (text.trim() !== '' || isUploading || attachments.length > 0);

  const send = async (): Promise<void> => {
    if (!canSend) return;
    setError(undefined);
    setQueued(isUploading);
    if (isUploading) return;
    setSending(true);
    try {
      if (await props.onSend({ text, attachments, search })) {
        setText('');
        sessionStorage.removeItem(draftKey);
        setFiles([]);
      }
    } catch (failure) {
      setError(await chatProblem(failure));
    } finally {
      setSending(false);
      area.current?.focus({ preventScroll: true });
    }
  };

  useEffect(() => {
    if (!isQueued || isUploading) return;
    setQueued(false);
    if (hasFailed) setError(m.chat_attach_failed());
    else void send();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when the last file has come, or failed
  }, [isQueued, isUploading]);

  return (
    <form
      className={isDragging ? 'composer composer-drop' : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setDragging(true);
      }}
      onDragLeave={() => setDragging(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDragging(false);
        attach(event.dataTransfer.files);
      }}
    >
      {files.length > 0 && (
        <ul className="composer-files">
          {files.map(({ key, name, part, error: failed }) => (
            <li
              key={key}
              className={failed ? 'file-chip file-failed' : 'file-chip'}
              aria-busy={!part && !failed}
            >
              {part?.type === 'image' ? (
                <img src={`/api/chat/attachments/${part.attachment}`} alt="" />
              ) : (
                <Icon name={failed ? 'info' : 'clip'} size={15} />
              )}
              <span>{chipText(name, part, failed)}</span>
              <button
                type="button"
                className="quiet-button"
                aria-label={m.chat_remove_file({ name })}
                onClick={() => setFiles(files.filter((each) => each.key !== key))}
              >
                <Icon name="close" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={area}
        id="composer"
        rows={1}
        value={text}
        placeholder={m.chat_placeholder()}
        aria-label={m.chat_message()}
        onChange={(event) => {
          setText(event.target.value);
          setQueued(false);
        }}
        onPaste={(event) => {
          if (event.clipboardData.files.length > 0) attach(event.clipboardData.files);
        }}
        onKeyDown={(event) => {
          // An input method's Enter chooses a word.
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void send();
        }}
      />
      <ProblemLine text={error} />
      {isQueued && (
        <p className="composer-queued" role="status">
          <span>{m.chat_attach_queued()}</span>
          <button type="button" className="quiet-button" onClick={() => setQueued(false)}>
            {m.chat_attach_queued_not()}
          </button>
        </p>
      )}
      <div className="composer-bar">
        <button
          type="button"
          className="quiet-button"
          aria-label={m.chat_attach()}
          title={m.chat_attach()}
          onClick={() => picker.current?.click()}
        >
          <Icon name="clip" />
        </button>
        <input
          ref={picker}
          type="file"
          hidden
          multiple
          onChange={(event) => {
            attach(event.target.files ?? []);
            event.target.value = '';
          }}
        />
        {hasWebSearch && (
          <button
            type="button"
            className="quiet-button toggle"
            aria-pressed={search}
            title={m.chat_web_search()}
            onClick={() => setSearch(!search)}
          >
            <Icon name="globe" />
            <span>{m.chat_web()}</span>
          </button>
        )}
        <ModelPicker models={models} picked={picked} onPick={onPick} />
        <span className="composer-gap" />
        {isAnswering ? (
          <button
            type="button"
            className="send-button"
            aria-label={m.chat_stop()}
            title={`${m.chat_stop()} (Esc)`}
            onClick={onStop}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button
            type="submit"
            className="send-button"
            aria-label={m.chat_send()}
            disabled={!canSend || isQueued}
          >
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}

function chipText(name: string, part: Part | undefined, failed: string | undefined) {
  if (failed) return m.chat_file_failed({ name, why: failed });
  return part ? name : m.chat_uploading({ name });
}

interface Uploaded {
  readonly id: string;
  readonly name: string;
  readonly kind: 'image' | 'text';
  readonly mediaType: string;
  readonly bytes: number;
}

async function upload(file: File, bytesMax: number): Promise<{ part?: Part; error?: string }> {
  try {
    const body = await fitting(file, bytesMax);
    if (body.size > bytesMax)
      return { error: m.chat_file_large({ size: count(bytesMax / 1024 / 1024) }) };
    const path = `/chat/attachments?name=${encodeURIComponent(file.name || 'file')}`;
    const { id, name, kind, mediaType, bytes } = await api<Uploaded>('POST', path, body);
    const type = kind === 'image' ? 'image' : 'file';
    return { part: { type, attachment: id as never, name, mediaType, bytes } };
  } catch (error) {
    const { code } = error as ApiError;
    if (code === 'body_too_large')
      return { error: m.chat_file_large({ size: count(bytesMax / 1024 / 1024) }) };
    if (code !== 'invalid_request') return { error: m.chat_error_offline() };
    return { error: /\.pdf$/i.test(file.name) ? m.chat_file_pdf() : m.chat_file_kind() };
  }
}

const EDGE_MAX = 2048;

/** A photograph is larger than any model looks at: it is made smaller before it travels. */
async function fitting(file: File, bytesMax: number): Promise<Blob> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size <= bytesMax / 2) return file;
  const image = await createImageBitmap(file);
  const scale = Math.min(1, EDGE_MAX / Math.max(image.width, image.height));
  const canvas = new OffscreenCanvas(
    Math.round(image.width * scale),
    Math.round(image.height * scale),
  );
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
}
