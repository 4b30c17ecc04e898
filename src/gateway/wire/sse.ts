/** One server-sent event, ready to write. Data is one JSON line, which never holds a line break. */
export function sseEvent(data: object, name?: string): string {
  return sseText(JSON.stringify(data), name);
}

/** As {@link sseEvent}, of data that is JSON text already. */
export function sseText(json: string, name?: string): string {
  return name === undefined ? `data: ${json}\n\n` : `event: ${name}\ndata: ${json}\n\n`;
}

/** How a chat completions stream ends. */
export const SSE_DONE = 'data: [DONE]\n\n';
