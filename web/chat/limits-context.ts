import { createContext, useContext, useEffect, useState } from 'react';
import type { Limits } from '#chat/limits.ts';

export interface LimitsValue {
  readonly limits: Limits | undefined;
  readonly refresh: () => void;
  readonly modelName: (name: string) => string;
}

export const LimitsContext = createContext<LimitsValue>({
  limits: undefined,
  refresh: () => undefined,
  modelName: (name) => name,
});

export function useLimits(): LimitsValue {
  return useContext(LimitsContext);
}

/** The time, once a second, while something counts down. */
export function useNow(): number {
  const [now, setNow] = useState(() => performance.timeOrigin + performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.timeOrigin + performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
