import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { MessageOutline } from '#chat/conversation.ts';
import { m } from '../paraglide/messages.js';
import type { ConversationState, ConversationStore } from './conversation-store.ts';
import { Icon } from './icons.tsx';
import type { MessageActions } from './message-actions.ts';
import { MessageView } from './MessageView.tsx';

const COLUMN_CHARACTERS = 72;
const LINE = 26;
const NEAR_END = 120;
/** With the room below the last message. */
const AT_END = 32;
/** How often to look whether all has come. */
const COMING_MS = 500;
const TOUCHES = ['pointerdown', 'wheel', 'keydown', 'touchstart'] as const;
const PADDING = 24;

function guess(entry: MessageOutline | undefined): number {
  const { chars, role } = entry ?? { chars: 0, role: 'user' };
  return (role === 'user' ? 62 : 84) + Math.ceil(chars / COLUMN_CHARACTERS) * LINE;
}

/**
 * The messages of a conversation; only those near the view are in the page. A new question goes to the
 * top of the view and its answer grows below it: nothing moves that the reader did not move.
 */
export function Thread({
  store,
  state,
  actions,
}: {
  readonly store: ConversationStore;
  readonly state: ConversationState;
  readonly actions: MessageActions;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const [isAway, setAway] = useState(false);
  const { outline, messages, live, conversation } = state;
  // The same functions until the outline is another: with new ones all is measured anew.
  const estimateSize = useCallback((at: number) => guess(outline[at]), [outline]);
  const getItemKey = useCallback((at: number) => outline[at]?.id ?? at, [outline]);
  const virtual = useVirtualizer({
    count: outline.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    getItemKey,
    // The end of it is drawn first, and nothing else.
    initialOffset: () =>
      outline.reduce((sum, entry) => sum + guess(entry), 2 * PADDING) - innerHeight / 2,
    overscan: 3,
    paddingStart: PADDING,
    paddingEnd: PADDING,
    // An answer that grows moves what is below it, and draws nothing anew.
    directDomUpdates: true,
    directDomUpdatesMode: 'position',
  });
  const items = virtual.getVirtualItems();
  useEffect(() => store.want(items.map(({ index }) => outline[index]?.id ?? '').filter(Boolean)));

  // An opened conversation shows its end.
  const openedId = conversation?.id;
  const wasNew = useRef(false);
  useLayoutEffect(() => {
    if (wasNew.current || outline.length === 0) return;
    virtual.scrollToIndex(outline.length - 1, { align: 'end' });
    // Only when another conversation is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [openedId]);
  useEffect(() => {
    wasNew.current = openedId === undefined;
  }, [openedId]);

  // A question that was just asked goes to the top.
  const lastUser = outline.at(-1)?.role === 'assistant' ? outline.at(-2)?.id : undefined;
  const asked = live.size > 0 ? lastUser : undefined;
  const shown = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (asked === undefined || asked === shown.current) return;
    const isFirstView = shown.current === undefined && outline.length > 2;
    shown.current = asked;
    if (!isFirstView || performance.now() > 3000)
      virtual.scrollToIndex(outline.length - 2, { align: 'start' });
  }, [asked, outline.length, virtual]);

  const onScroll = useCallback(() => {
    const node = scroller.current;
    if (node) setAway(node.scrollHeight - node.scrollTop - node.clientHeight > NEAR_END);
  }, []);
  // An opened conversation is at its end while it comes, unless somebody reads in it meanwhile. And what
  // comes to stand above the composer, or a phone's keyboard, does not cover the end where that is read.
  const isGrowing = asked !== undefined;
  const isComing = useRef(true);
  useLayoutEffect(() => {
    isComing.current = !wasNew.current;
    const timer = setInterval(() => {
      if (scroller.current?.querySelector('[aria-busy="true"]')) return;
      isComing.current = false;
      clearInterval(timer);
    }, COMING_MS);
    return () => clearInterval(timer);
  }, [openedId]);
  useEffect(() => {
    const node = scroller.current;
    if (isGrowing) isComing.current = false;
    if (!node?.firstElementChild || isGrowing) return;
    const touch = (): void => {
      isComing.current = false;
    };
    let { clientHeight } = node;
    const observer = new ResizeObserver(() => {
      const wasAtEnd = node.scrollHeight - node.scrollTop - clientHeight < AT_END;
      const isOtherView = node.clientHeight !== clientHeight;
      ({ clientHeight } = node);
      if (isComing.current || (isOtherView && wasAtEnd))
        node.scrollTop = node.scrollHeight - clientHeight - PADDING;
    });
    observer.observe(node);
    observer.observe(node.firstElementChild);
    for (const kind of TOUCHES) node.addEventListener(kind, touch, { passive: true });
    return () => {
      observer.disconnect();
      for (const kind of TOUCHES) node.removeEventListener(kind, touch);
    };
  }, [isGrowing]);

  return (
    <div className="thread-frame">
      <div className="thread" ref={scroller} onScroll={onScroll} tabIndex={-1}>
        <div
          ref={virtual.containerRef}
          className="thread-inner"
          role="log"
          aria-label={m.chat_conversation()}
          aria-live="off"
          style={{ marginBottom: asked ? '55vh' : 0 }}
        >
          {items.map((item) => {
            const entry = outline[item.index];
            if (!entry) return null;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="thread-row"
              >
                <MessageView
                  outline={entry}
                  message={messages.get(entry.id)}
                  live={live.get(entry.id)}
                  isLast={item.index === outline.length - 1}
                  actions={actions}
                />
              </div>
            );
          })}
        </div>
      </div>
      {isAway && outline.length > 0 && !asked && (
        <button
          type="button"
          className="to-end"
          aria-label={m.chat_to_end()}
          onClick={() => virtual.scrollToIndex(outline.length - 1, { align: 'end' })}
        >
          <Icon name="bottom" />
        </button>
      )}
    </div>
  );
}
