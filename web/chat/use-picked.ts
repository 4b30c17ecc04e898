import { useCallback, useEffect, useState } from 'react';
import type { ChatModel } from '#chat/chat-desk.ts';
import type { Picked } from './ModelPicker.tsx';

const PICKED = 'chat.picked';

/** The model and effort that were picked last, in this browser. */
export function usePicked(): {
  readonly picked: Picked;
  readonly pick: (picked: Picked) => void;
  /** Told what there is to pick from: what is not on offer any more gives way. */
  readonly offer: (models: readonly ChatModel[]) => void;
} {
  const [picked, pick] = useState<Picked>(readPicked);
  useEffect(() => {
    if (picked.model !== '') localStorage.setItem(PICKED, JSON.stringify(picked));
  }, [picked]);
  const offer = useCallback((models: readonly ChatModel[]) => {
    pick((before) => (models.some(({ name }) => name === before.model) ? before : firstOf(models)));
  }, []);
  return { picked, pick, offer };
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
