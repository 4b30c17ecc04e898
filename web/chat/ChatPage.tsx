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
import type { Limits } from '#chat/limits.ts';
import { m } from '../paraglide/messages.js';
import { api, type ApiError } from './api.ts';
import { chatProblem } from './chat-problem.ts';
import type { ChatStart } from './chat-start.ts';
import { Composer, type Composed, type ComposerHandle } from './Composer.tsx';
import { ConversationMenu } from './ConversationMenu.tsx';
import { ConversationStore } from './conversation-store.ts';
import { loadDialogs, QuoteDialog, SettingsDialog, ShortcutsDialog } from './dialogs/later.ts';
import { HouseLinks } from './HouseLinks.tsx';
import { Icon } from './icons.tsx';
import { LimitsContext } from './limits-context.ts';
import type { MessageActions } from './message-actions.ts';
import { Meters, Warning } from './Meters.tsx';
import { later } from '../ui/later.ts';
import { go } from './place.ts';
import { Sidebar } from './Sidebar.tsx';
import { useAsk } from './use-ask.ts';
import { useChatKeys } from './use-chat-keys.ts';
import { useConversationList } from './use-conversation-list.ts';
import { usePicked } from './use-picked.ts';
import { Unreachable, Welcome } from './Welcome.tsx';

// The page answers to keys before it can draw a conversation; the rest follows when it is idle.
const drawing = later(() => import('./Thread.tsx').then((module) => module.Thread));
const PlanNotices = lazy(() =>
  import('../account/PlanNotices.tsx').then((module) => ({ default: module.PlanNotices })),
);

/** The chat: conversations beside, one of them in the middle, the composer below. */
export function ChatPage({ conversation: opened }: { readonly conversation: string | undefined }) {
  const [start, setStart] = useState<ChatStart>();
  const [failure, setFailure] = useState<ApiError>();
  const [limits, setLimits] = useState<Limits>();
  const { conversations, refreshList, more } = useConversationList();
  const { picked, pick, offer } = usePicked();
  const [isTemporary, setTemporary] = useState(false);
  const [isSidebarOpen, setSidebarOpen] = useState(false);
  const [dialog, setDialog] = useState<'settings' | 'shortcuts'>();
  const [problem, setProblem] = useState<string>();
  const [store] = useState(() => new ConversationStore());
  const composer = useRef<ComposerHandle>(null);
  const state = useSyncExternalStore(store.subscribe, store.state);
  const isAnswering = store.isAnswering;
  const Thread = drawing.usePart();

  const refreshLimits = useCallback(() => {
    api<Limits>('GET', '/chat/limits').then(setLimits, () => undefined);
  }, []);
  const begin = useCallback(() => {
    setFailure(undefined);
    api<ChatStart>('GET', '/chat/start').then((given) => {
      setStart(given);
      offer(given.models);
    }, setFailure);
  }, [offer]);
  const isOpen = state.phase === 'open';
  useEffect(() => {
    if (isOpen || location.pathname.startsWith('/c/')) drawing.load();
  }, [isOpen]);
  useEffect(() => {
    const idle = setTimeout(() => {
      drawing.load();
      void loadDialogs();
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

  const { ask, question } = useAsk(store, { start, limits });

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

  const showShortcuts = useCallback(() => setDialog('shortcuts'), []);
  const toggleSidebar = useCallback(() => setSidebarOpen((before) => !before), []);
  useChatKeys(store, composer, newChat, showShortcuts, toggleSidebar);

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
          onMore={more}
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
              onClick={showShortcuts}
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
              onClick={toggleSidebar}
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
              onPick={pick}
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
