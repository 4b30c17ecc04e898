import type { Conversation, Message } from './conversation.ts';
import { textOf } from './part.ts';

/** A conversation's shown branch as Markdown. */
export function markdownOf(conversation: Conversation, path: readonly Message[]): string {
  const blocks = [`# ${conversation.title}`, ''];
  for (const message of path) {
    blocks.push(message.role === 'user' ? '## You' : `## ${modelOf(message)}`, '');
    for (const part of message.parts) {
      if (part.type === 'image' || part.type === 'file')
        blocks.push(`*Attached: ${part.name}*`, '');
      if (part.type === 'error') blocks.push(`*${part.message}*`, '');
    }
    const text = textOf(message.parts).trim();
    if (text !== '') blocks.push(text, '');
    const sources = message.parts.flatMap((part) => (part.type === 'source' ? [part] : []));
    for (const { index, title, url } of sources)
      blocks.push(`${index}. [${title.replaceAll(/[[\]]/g, '')}](${url})`);
    if (sources.length > 0) blocks.push('');
  }
  return blocks.join('\n');
}

/** All of a conversation: every branch, with what each answer took. */
export function jsonOf(conversation: Conversation, messages: readonly Message[]): string {
  return JSON.stringify(
    { format: 'breakeven-conversation', version: 1, conversation, messages },
    null,
    2,
  );
}

function modelOf({ takings }: Message): string {
  return takings.at(-1)?.model ?? 'Answer';
}
