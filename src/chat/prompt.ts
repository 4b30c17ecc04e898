import type { Attachment } from './attachment.ts';
import type { ChatSettings } from './chat-settings.store.ts';
import type { Message } from './conversation.ts';
import { textOf } from './part.ts';

export interface PromptInput {
  readonly model: string;
  readonly effort: string | undefined;
  /** From the first message to the one to be answered, or to the answer to be continued. */
  readonly path: readonly Message[];
  readonly attachments: ReadonlyMap<string, Attachment>;
  readonly settings: ChatSettings | undefined;
  readonly contextTokens: number;
  /** What a web search found, as text for the model. */
  readonly findings: string | undefined;
}

type Content = string | readonly object[];
interface PromptMessage {
  readonly role: string;
  readonly content: Content;
}

/** Characters for each token of context that a conversation may take; the rest is for the answer. */
const CHARACTERS_PER_TOKEN = 2;

const CONTINUE =
  'Your answer was interrupted. Continue it exactly where it stopped, in the middle of a word if need be, without repeating anything and without comment.';

/** The request of a chat, in the chat completions format. */
export function promptOf(input: PromptInput): Buffer {
  const { model, effort, path, settings, findings } = input;
  const messages: PromptMessage[] = [];
  const instructions = [instructionsOf(settings), findings].filter(Boolean).join('\n\n');
  if (instructions !== '') messages.push({ role: 'system', content: instructions });
  const turns = fitting(path.map((message) => turnOf(message, input)).filter(hasContent), input);
  messages.push(...turns);
  if (path.at(-1)?.role === 'assistant') messages.push({ role: 'user', content: CONTINUE });
  return Buffer.from(
    JSON.stringify({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
      ...(effort !== undefined && { reasoning_effort: effort }),
    }),
  );
}

function turnOf(message: Message, { attachments }: PromptInput): PromptMessage {
  const text = textOf(message.parts);
  if (message.role === 'assistant') return { role: 'assistant', content: text };
  const images: object[] = [];
  const texts: string[] = [];
  for (const part of message.parts) {
    if (part.type !== 'image' && part.type !== 'file') continue;
    const file = attachments.get(part.attachment);
    if (!file) continue;
    if (file.kind === 'text')
      texts.push(`File ${JSON.stringify(file.name)}:\n${file.content.toString('utf8')}`);
    else
      images.push({
        type: 'image_url',
        image_url: { url: `data:${file.mediaType};base64,${file.content.toString('base64')}` },
      });
  }
  const whole = [...texts, text].filter(Boolean).join('\n\n');
  if (images.length === 0) return { role: 'user', content: whole };
  return {
    role: 'user',
    content: [...images, ...(whole === '' ? [] : [{ type: 'text', text: whole }])],
  };
}

function hasContent({ content }: PromptMessage): boolean {
  return content.length > 0;
}

/** Leaves out the oldest turns of a conversation that outgrew the model; the last one always stays. */
function fitting(
  turns: readonly PromptMessage[],
  { contextTokens }: PromptInput,
): readonly PromptMessage[] {
  let room = contextTokens * CHARACTERS_PER_TOKEN;
  let from = turns.length;
  while (from > 0) {
    const { content } = turns[from - 1] ?? { content: '' };
    room -= typeof content === 'string' ? content.length : 4_000;
    if (room < 0 && from < turns.length) break;
    from -= 1;
  }
  return turns.slice(from);
}

function instructionsOf(settings: ChatSettings | undefined): string {
  if (!settings?.instructionsOn) return '';
  const parts: string[] = [];
  if (settings.about.trim() !== '') parts.push(`About the person you answer:\n${settings.about}`);
  if (settings.style.trim() !== '') parts.push(`How they want to be answered:\n${settings.style}`);
  return parts.join('\n\n');
}
