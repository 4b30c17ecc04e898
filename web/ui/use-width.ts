import { type RefObject, useLayoutEffect, useRef, useState } from 'react';

/** The width that a chart has, in CSS pixels; 0 before it is known. */
export function useWidth<Node extends HTMLElement>(): readonly [RefObject<Node | null>, number] {
  const ref = useRef<Node>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = ref.current;
    if (!node) return;
    setWidth(node.clientWidth);
    const observer = new ResizeObserver(() => setWidth(node.clientWidth));
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
