import {
  lazy,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { ChatModel } from '#chat/chat-desk.ts';
import type { ChatSettings } from '#chat/chat-settings.store.ts';
import type { Conversation } from '#chat/conversation.ts';
import type { Limits } from '#chat/limits.ts';
import { m } from '../paraglide/messages.js';
import { api, type ApiError } from './api.ts';
import { chatProblem } from './chat-problem.ts';
import { Composer, type Composed, type ComposerHandle } from './Composer.tsx';
import { ConversationMenu } from './ConversationMenu.tsx';
import { ConversationStore } from './conversation-store.ts';
import { HouseLinks } from './HouseLinks.tsx';
import { mayTakeMuch, type QuoteRange, takesMuch } from './quote-range.ts';
import { Icon } from './icons.tsx';
import { LimitsContext } from './limits-context.ts';
import type { MessageActions } from './message-actions.ts';
import { textOf } from './message-text.ts';
import { Meters, Warning } from './Meters.tsx';
import type { Picked } from './ModelPicker.tsx';
import { later } from '../ui/later.ts';
import { go } from './place.ts';
import { Sidebar } from './Sidebar.tsx';

// The page answers to keys before it can draw a conversation; the rest follows when it is idle.
const drawing = later(() => import('./Thread.tsx').then((module) => module.Thread));
const dialogs = () => import('./dialogs.tsx');
const SettingsDialog = lazy(() => dialogs().then((module) => ({ default: module.SettingsDialog })));
const ShortcutsDialog = lazy(() =>
  dialogs().then((module) => ({ default: module.ShortcutsDialog })),
);
const PlanNotices = lazy(() =>
  import('../account/PlanNotices.tsx').then((module) => ({ default: module.PlanNotices })),
);
const QuoteDialog = lazy(() => dialogs().then((module) => ({ default: module.QuoteDialog })));

interface Start {
  readonly models: readonly ChatModel[];
  readonly settings: ChatSettings;
  readonly webSearch: boolean;
  readonly attachmentBytesMax: number;
}

const PAGE = 60;
const PICKED = 'chat.picked';

/** The chat: conversations beside, one of them in the middle, the composer below. */
export function ChatPage({ conversation: opened }: { readonly conversation: string | undefined }) {
  const [start, setStart] = useState<Start>();
  const [failure, setFailure] = useState<ApiError>();
  const [limits, setLimits] = useState<Limits>();
  const [conversations, setConversations] = useState<readonly Conversation[]>([]);
  const [hasMore, setMore] = useState(false);
  const [picked, setPicked] = useState<Picked>(readPicked);
  const [isTemporary, setTemporary] = useState(false);
  const [isSidebarOpen, setSidebarOpen] = useState(false);
  const [dialog, setDialog] = useState<'settings' | 'shortcuts'>();
  const [question, setQuestion] = useState<{
    range: QuoteRange;
    answer: (isYes: boolean) => void;
  }>();
  const [problem, setProblem] = useState<string>();
  const [store] = useState(() => new ConversationStore());
  const composer = useRef<ComposerHandle>(null);
  const state = useSyncExternalStore(store.subscribe, store.state);
  const isAnswering = store.isAnswering;
  const Thread = drawing.usePart();

  const refreshList = useCallback(() => {
    api<{ conversations: readonly Conversation[] }>('GET', `/chat/conversations?limit=${PAGE}`)
      .then((found) => {
        setConversations(found.conversations);
        setMore(found.conversations.length === PAGE);
      })
      .catch(() => undefined);
  }, []);
  const refreshLimits = useCallback(() => {
    api<Limits>('GET', '/chat/limits').then(setLimits, () => undefined);
  }, []);
  const begin = useCallback(() => {
    setFailure(undefined);
    api<Start>('GET', '/chat/start').then((given) => {
      setStart(given);
      setPicked((before) =>
        given.models.some(({ name }) => name === before.model) ? before : firstOf(given.models),
      );
    }, setFailure);
  }, []);
  const isOpen = state.phase === 'open';
  useEffect(() => {
    if (isOpen || location.pathname.startsWith('/c/')) drawing.load();
  }, [isOpen]);
  useEffect(() => {
    const idle = setTimeout(() => {
      drawing.load();
      void dialogs();
    }, 250);
    return () => clearTimeout(idle);
  }, []);
  useEffect(() => {
    begin();
    refreshList();
    refreshLimits();
  }, [begin, refreshList, refreshLimits]);

  useEffect(() => {
    void store.open(opened);
    setProblem(undefined);
    if (opened !== undefined) setTemporary(false);
  }, [store, opened]);
  useEffect(() => {
    store.onEnd = () => {
      refreshLimits();
      refreshList();
    };
    store.onBegun = (id) => {
      if (!store.state().conversation?.isTemporary) {
        go(`/c/${id}`, 'replace');
        refreshList();
      }
    };
    const look = (): void => {
      if (document.visibilityState === 'visible') void store.refresh();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      store.close();
    };
  }, [store, refreshLimits, refreshList]);
  useEffect(() => {
    const title = state.conversation?.title;
    document.title = title ? `${title} · Breakeven` : 'Breakeven';
  }, [state.conversation?.title]);
  useEffect(() => {
    if (picked.model !== '') localStorage.setItem(PICKED, JSON.stringify(picked));
  }, [picked]);

  const modelName = useCallback(
    (name: string) => start?.models.find((model) => model.name === name)?.displayName ?? name,
    [start],
  );
  const newChat = useCallback(() => {
    void store.open(undefined);
    go('/');
    setSidebarOpen(false);
    composer.current?.focus();
  }, [store]);

  const ask = useCallback(
    async (draft: Parameters<ConversationStore['send']>[0]): Promise<boolean> => {
      const threshold = start?.settings.askAboveNanoUsd ?? Number.MAX_SAFE_INTEGER;
      const share = start?.settings.askAbovePerMille ?? 1000;
      const isMetered = limits?.plan.billing === 'metered';
      const ofClass = start?.models.find(({ name }) => name === draft.model)?.class;
      if (isMetered || mayTakeMuch(draft, ofClass)) {
        const { outline, conversation } = store.state();
        const parent = outline.at(-1)?.id;
        const range = await api<QuoteRange>('POST', '/chat/quote', {
          model: draft.model,
          text: draft.text,
          attachments: draft.attachments.flatMap((part) =>
            'attachment' in part ? [part.attachment] : [],
          ),
          ...(draft.effort && { effort: draft.effort }),
          ...(draft.search && { search: true }),
          ...(conversation && { conversation: conversation.id, ...(parent && { parent }) }),
        });
        if (isMetered ? range.expectedNanoUsd > threshold : takesMuch(range, share)) {
          const isYes = await new Promise<boolean>((answer) => setQuestion({ range, answer }));
          setQuestion(undefined);
          if (!isYes) return false;
        }
      }
      await store.send(draft);
      return true;
    },
    [start, limits, store],
  );

  const attempt = useCallback((work: Promise<unknown>) => {
    setProblem(undefined);
    work.catch(async (error: unknown) => setProblem(await chatProblem(error)));
  }, []);
  const loadImages = start?.settings.remoteImages ?? false;
  const actions: MessageActions = useMemo(
    () => ({
      edit: (id, text) => {
        const message = store.state().messages.get(id);
        const attachments = message?.parts.filter(
          ({ type }) => type === 'image' || type === 'file',
        );
        attempt(ask({ ...picked, text, attachments: attachments ?? [], inPlaceOf: id }));
      },
      regenerate: (id, model) =>
        attempt(store.regenerate(id, model === undefined ? picked : { model })),
      continue: (id) => attempt(store.continue(id, picked)),
      show: (id) => attempt(store.show(id)),
      rate: (id, rating, reason, comment) => attempt(store.rate(id, rating, reason, comment)),
      loadImages,
      modelName,
    }),
    [store, picked, loadImages, modelName, ask, attempt],
  );

  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isCommand = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (event.key === 'Escape' && event.shiftKey) composer.current?.focus();
      else if (
        event.key === 'Escape' &&
        store.isAnswering &&
        !document.querySelector('dialog[open]')
      )
        void store.stop();
      else if (!isCommand) return;
      else if (key === 'k') document.getElementById('chat-search')?.focus();
      else if (key === '/') setDialog('shortcuts');
      else if (event.shiftKey && key === 'o') newChat();
      else if (event.shiftKey && key === 's') setSidebarOpen((before) => !before);
      else if (event.shiftKey && key === 'c') {
        const { outline, messages } = store.state();
        const last = outline.findLast(({ role }) => role === 'assistant');
        const parts = last && messages.get(last.id)?.parts;
        if (parts) void navigator.clipboard?.writeText(textOf(parts));
      } else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [store, newChat]);

  if (failure && !start) return <Unreachable failure={failure} onRetry={begin} />;
  const send = (composed: Composed): Promise<boolean> =>
    ask({ ...picked, ...composed, temporary: isTemporary && !state.conversation });
  const title = state.conversation?.title;
  return (
    <LimitsContext value={{ limits, refresh: refreshLimits, modelName }}>
      <div className={isSidebarOpen ? 'chat chat-sidebar-open' : 'chat'}>
        <a className="skip" href="#composer">
          {m.chat_skip_to_composer()}
        </a>
        <Sidebar
          conversations={conversations}
          current={state.conversation?.id}
          onNew={newChat}
          onChosen={() => setSidebarOpen(false)}
          onMore={
            hasMore
              ? () => {
                  const before = conversations.at(-1)?.updatedAtMs ?? 0;
                  void api<{ conversations: readonly Conversation[] }>(
                    'GET',
                    `/chat/conversations?limit=${PAGE}&before=${before}`,
                  ).then((found) => {
                    setConversations([...conversations, ...found.conversations]);
                    setMore(found.conversations.length === PAGE);
                  });
                }
              : undefined
          }
        >
          <Meters />
          <HouseLinks />
          <div className="row">
            <button type="button" className="quiet-button" onClick={() => setDialog('settings')}>
              <Icon name="settings" /> {m.chat_settings()}
            </button>
            <button
              type="button"
              className="quiet-button"
              aria-label={m.chat_shortcuts()}
              title={m.chat_shortcuts()}
              onClick={() => setDialog('shortcuts')}
            >
              <kbd>?</kbd>
            </button>
          </div>
        </Sidebar>
        <button
          type="button"
          className="sidebar-shade"
          aria-label={m.chat_close()}
          tabIndex={-1}
          onClick={() => setSidebarOpen(false)}
        />
        <main className="chat-main">
          <header className="chat-head">
            <button
              type="button"
              className="quiet-button sidebar-toggle"
              aria-label={m.chat_conversations()}
              aria-expanded={isSidebarOpen}
              onClick={() => setSidebarOpen(!isSidebarOpen)}
            >
              <Icon name="menu" />
            </button>
            <h1 className="chat-title">
              {title ?? <span className="visually-hidden">{m.chat_new()}</span>}
            </h1>
            {state.conversation?.isTemporary && <span className="tag">{m.chat_temporary()}</span>}
            {!state.conversation && (
              <button
                type="button"
                className="quiet-button toggle"
                aria-pressed={isTemporary}
                title={m.chat_temporary_about()}
                onClick={() => setTemporary(!isTemporary)}
              >
                <Icon name="ghost" /> <span>{m.chat_temporary()}</span>
              </button>
            )}
            {state.conversation && (
              <ConversationMenu
                conversation={state.conversation}
                onRenamed={() => {
                  refreshList();
                  void store.refresh();
                }}
                onDeleted={() => {
                  newChat();
                  refreshList();
                }}
              />
            )}
          </header>
          {state.phase === 'empty' && (
            <Welcome isTemporary={isTemporary} hasModels={start?.models.length !== 0} />
          )}
          {state.phase === 'loading' && <div className="thread-frame loading" aria-busy="true" />}
          {state.phase === 'missing' && (
            <div className="welcome">
              <h2>{state.error?.status === 404 ? m.chat_missing() : m.chat_unreachable()}</h2>
              <button type="button" className="button" onClick={newChat}>
                {m.chat_new()}
              </button>
            </div>
          )}
          {state.phase === 'open' &&
            (Thread ? (
              <Thread store={store} state={state} actions={actions} />
            ) : (
              <div className="thread-frame" aria-busy="true" />
            ))}
          <div className="composer-frame">
            {problem && (
              <div className="warning" role="alert">
                <span>{problem}</span>
                <button
                  type="button"
                  className="quiet-button"
                  aria-label={m.chat_close()}
                  onClick={() => setProblem(undefined)}
                >
                  <Icon name="close" size={15} />
                </button>
              </div>
            )}
            <Suspense>{start && <PlanNotices isFolded />}</Suspense>
            <Warning isAnswering={isAnswering} />
            <Composer
              ref={composer}
              models={start?.models ?? []}
              picked={picked}
              onPick={setPicked}
              hasWebSearch={start?.webSearch ?? false}
              bytesMax={start?.attachmentBytesMax ?? 3 * 1024 * 1024}
              isAnswering={isAnswering}
              onSend={send}
              onStop={() => attempt(store.stop())}
              draftKey={`draft.${state.conversation?.id ?? opened ?? 'new'}`}
            />
            <p className="small-print">
              {start?.models.find(({ name }) => name === picked.model)?.isSimulated
                ? m.chat_simulated()
                : m.chat_mistakes()}
            </p>
          </div>
        </main>
        <div className="visually-hidden" role="status" aria-live="polite">
          {isAnswering ? m.chat_thinking() : ''}
        </div>
        <Suspense>
          {dialog === 'settings' && start && (
            <SettingsDialog
              settings={start.settings}
              isMetered={limits?.plan.billing === 'metered'}
              onSaved={(settings) => setStart({ ...start, settings })}
              onClose={() => setDialog(undefined)}
            />
          )}
          {dialog === 'shortcuts' && <ShortcutsDialog onClose={() => setDialog(undefined)} />}
          {question && start && (
            <QuoteDialog
              range={question.range}
              isMetered={limits?.plan.billing === 'metered'}
              settings={start.settings}
              onAnswer={question.answer}
            />
          )}
        </Suspense>
      </div>
    </LimitsContext>
  );
}

function Welcome({
  isTemporary,
  hasModels,
}: {
  readonly isTemporary: boolean;
  readonly hasModels: boolean;
}) {
  if (!hasModels)
    return (
      <div className="welcome">
        <h2>{m.chat_no_models()}</h2>
        <p>{m.chat_no_models_about()}</p>
      </div>
    );
  return (
    <div className="welcome">
      <h2>{isTemporary ? m.chat_welcome_temporary() : m.chat_welcome()}</h2>
      <p>{isTemporary ? m.chat_temporary_about() : m.chat_welcome_about()}</p>
    </div>
  );
}

function Unreachable({
  failure,
  onRetry,
}: {
  readonly failure: ApiError;
  readonly onRetry: () => void;
}) {
  const isOut = failure.status === 401;
  return (
    <main className="welcome welcome-alone">
      <span className="wordmark">Breakeven</span>
      <h2>{isOut ? m.chat_sign_in_first() : m.chat_unreachable()}</h2>
      {!isOut && <p>{m.chat_unreachable_about()}</p>}
      {isOut ? (
        <a className="button button-main" href="/sign-in">
          {m.chat_sign_in()}
        </a>
      ) : (
        <button type="button" className="button button-main" onClick={onRetry}>
          {m.chat_again()}
        </button>
      )}
    </main>
  );
}

function firstOf(models: readonly ChatModel[]): Picked {
  const model = models.find((each) => each.class === 'standard') ?? models[0];
  return { model: model?.name ?? '' };
}

function readPicked(): Picked {
  try {
    const value = JSON.parse(localStorage.getItem(PICKED) ?? '{}') as Partial<Picked>;
    return { model: value.model ?? '', effort: value.effort };
  } catch {
    return { model: '' };
  }
}
